// Plays connect.facebook.net/en_US/fbevents.js: the cookies and requests a browser sees of it, no more.
(function () {
  var pixel = "";

  function keep(name, value) {
    var until = new Date(Date.now() + 90 * 864e5).toUTCString();
    var domain = location.hostname === "localhost" ? "" : "; domain=." + location.hostname;
    document.cookie = name + "=fb.1.1700000000000." + value + "; expires=" + until
      + "; path=/; SameSite=Lax" + domain;
  }

  function obey(command) {
    if (command[0] === "init") {
      pixel = command[1];
      keep("_fbp", "1234567890");
      var click = new URLSearchParams(location.search).get("fbclid");
      if (click) keep("_fbc", click);
      var settings = document.createElement("script");
      settings.src = "https://connect.facebook.net/signals/config/" + pixel;
      document.head.appendChild(settings);
    } else if (command[0] === "track") {
      new Image().src = "https://www.facebook.com/tr/?id=" + pixel + "&ev=" + command[1];
    }
  }

  window.fbq.callMethod = function () { obey(arguments); };
  window.fbq.queue.splice(0).forEach(obey);
})();
