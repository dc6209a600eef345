// Plays www.googletagmanager.com/gtag/js: the cookies and requests a browser sees of it, no more.
(function () {
  var id = "PLAYED_ID";
  var signals = { ad_storage: "granted", analytics_storage: "granted" };
  var configured = false;

  function keep(name, value) {
    var until = new Date(Date.now() + 2 * 366 * 864e5).toUTCString();
    var domain = location.hostname === "localhost" ? "" : "; domain=" + location.hostname;
    document.cookie = name + "=" + value + "; expires=" + until + "; path=/" + domain;
  }

  function insert(element, attributes) {
    document.head.appendChild(Object.assign(document.createElement(element), attributes));
  }

  function send(event) {
    var gcs = "G1" + ["ad_storage", "analytics_storage"].map(function (signal) {
      return +(signals[signal] === "granted");
    }).join("");
    if (signals.analytics_storage === "granted") {
      keep("_ga", "GA1.1.1234567890.1700000000");
      keep("_ga_" + id.replace("G-", ""), "GS2.1.s1700000000$o1$g0$t1700000000");
    }
    navigator.sendBeacon(
      "https://www.google-analytics.com/g/collect?v=2&tid=" + id + "&gcs=" + gcs + "&en=" + event, "");
  }

  function obey(command) {
    if (command[0] === "consent") {
      Object.assign(signals, command[2]);
      if (configured) send("consent_update");
    } else if (command[0] === "config") {
      configured = true;
      insert("script", { async: true, src: "https://www.googletagmanager.com/gtag/destination?id=" + id });
      insert("iframe", { hidden: true, src: "https://www.googletagmanager.com/static/sw_iframe.html" });
      send("page_view");
    }
  }

  var queue = (window.dataLayer = window.dataLayer || []);
  queue.push = function () {
    Array.prototype.push.apply(queue, arguments);
    Array.prototype.forEach.call(arguments, obey);
  };
  queue.slice().forEach(obey);
})();
