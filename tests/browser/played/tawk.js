// Plays embed.tawk.to/PROPERTY/WIDGET: the cookies, keys and requests a browser sees of it, no more.
(function () {
  var property = "PLAYED_ID";
  var domain = location.hostname === "localhost" ? "" : "; domain=." + location.hostname;
  document.cookie = "TawkConnectionTime=0; path=/" + domain;
  document.cookie = "twk_uuid_" + property + "=1.played; max-age=15552000; path=/; SameSite=Strict" + domain;
  localStorage.setItem("twk_token_" + property, "played");

  var main = document.createElement("script");
  main.src = "https://embed.tawk.to/_s/v4/app/1/js/twk-main.js";
  main.crossOrigin = "anonymous";
  main.onload = function () {
    fetch("https://va.tawk.to/v1/session/start", { method: "POST", body: "{}" }).catch(function () {});
    var chat = document.createElement("iframe");
    chat.title = "chat widget";
    chat.src = "https://embed.tawk.to/_s/v4/app/1/frame.html";
    document.body.appendChild(chat);
  };
  document.head.appendChild(main);
})();
