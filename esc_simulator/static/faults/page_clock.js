"use strict";

// The page's scripts are told another time, as where a library of the page has put its own clock in
// place of the browser's.
(function () {
  var wrong = Number(document.currentScript.dataset.seconds) * 1000;
  var now = performance.now.bind(performance);
  var today = Date.now.bind(Date);
  var stamp = Object.getOwnPropertyDescriptor(Event.prototype, "timeStamp").get;

  performance.now = function () {
    return now() + wrong;
  };
  Date.now = function () {
    return today() + wrong;
  };
  Object.defineProperty(Event.prototype, "timeStamp", {
    get: function () {
      return stamp.call(this) + wrong;
    },
  });
})();
