"use strict";

// The notices take turns, as the scrolling ones of older portals did.
(function () {
  var notices = [
    "Sector Council officers are requested to clear batches pending for more than 30 days on priority.",
    "Colleges must upload laboratory photographs along with the batch proposal.",
    "The portal will be under maintenance on the second Saturday of the month, 10:00 PM to 2:00 AM.",
  ];
  var place = document.getElementById("notice-text");
  var turn = 0;
  window.setInterval(function () {
    turn = (turn + 1) % notices.length;
    place.textContent = notices[turn];
  }, 6000);
})();
