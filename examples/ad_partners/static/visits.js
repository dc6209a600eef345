// Runs once its category is accepted: type="text/plain" data-cookieguard="analytics".
const visits = Number(localStorage.getItem('visits')) + 1
localStorage.setItem('visits', visits)

const counter = document.querySelector('#visits')
counter.textContent = `You have opened this page ${visits} ${visits == 1 ? 'time' : 'times'}.`
counter.parentElement.classList.add('loaded')
