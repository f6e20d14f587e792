"use strict";

// Enter in the remark sends the request: no click, no form.
document.addEventListener("keydown", function (event) {
  if (event.key === "Enter" && event.target.id === "remark") {
    event.preventDefault();
    window.approval.confirm();
  }
});
