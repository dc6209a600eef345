// What the chat's company would serve: it fills the shop's box, and keeps two things in the browser.
document.cookie = 'support_chat=conversation-7; Path=/'
localStorage.setItem('support_chat_messages', '1')

const chat = document.querySelector('#chat')
chat.textContent = 'Anna: Hello, how can I help?'
chat.parentElement.classList.add('loaded')
