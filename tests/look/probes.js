/* What the tests ask a page in the browser; each answer is a list of faults, empty if there are none. */
window.probe = (function () {
  "use strict";
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function name(e) { return e.cloneNode(false).outerHTML.slice(0, 90) + (e.textContent || "").trim().slice(0, 40); }
  function style(e) { return getComputedStyle(e); }
  function seen(e) { return e.getClientRects().length > 0 && style(e).visibility === "visible"; }
  function isSkip(e) { return e.classList.contains("skip"); }
  var controls = "a[href],button,summary,select,textarea,input:not([type=hidden])";

  function focusable() {
    return all(controls).filter(function (e) { return seen(e) && e.tabIndex >= 0; });
  }
  function ground(e) {
    for (; e; e = e.parentElement) {
      var colour = style(e).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)" && colour !== "transparent") { return colour; }
    }
    return "rgb(255, 255, 255)";
  }
  function isInSentence(e) {
    return e.tagName === "A" && style(e).display === "inline" &&
      e.parentElement.textContent.trim().length > e.textContent.trim().length;
  }

  return {
    sideways: function () {
      var width = document.documentElement.clientWidth, root = document.documentElement;
      var wide = all("body *").filter(function (e) {
        return seen(e) && e.getBoundingClientRect().right > width + 0.5 && !isSkip(e);
      });
      return root.scrollWidth > width ? wide.slice(-3).map(name).concat("page " + root.scrollWidth) : [];
    },
    clipped: function () {
      all(".skip").forEach(function (e) { e.style.display = "none"; });
      return all("body *").filter(function (e) {
        var s = style(e), hides = s.overflowX !== "visible" || s.overflowY !== "visible";
        if (!seen(e) || e.tagName === "INPUT" || s.display.indexOf("inline") === 0 || isSkip(e)) { return false; }
        var tall = e.scrollHeight - e.clientHeight, wide = e.scrollWidth - e.clientWidth;
        return tall > (hides ? 1 : 8) || (hides && wide > 1);
      }).map(function (e) { return name(e) + " " + e.scrollHeight + ">" + e.clientHeight + " " + e.scrollWidth + ">" + e.clientWidth; });
    },
    small: function () {
      return all(controls).filter(function (e) {
        if (isSkip(e) || !seen(e) || isInSentence(e)) { return false; }
        var box = (e.type === "checkbox" || e.type === "radio" ? e.closest("label") : e).getBoundingClientRect();
        return box.height < 44 || box.width < 44;
      }).map(name);
    },
    unfocused: function () {
      var faults = [];
      focusable().forEach(function (e) {
        e.focus();
        var s = style(e), box = e.getBoundingClientRect();
        var x = box.left + box.width / 2, y = box.top + Math.min(box.height, innerHeight) / 2;
        var top = document.elementFromPoint(x, y);
        if (document.activeElement !== e) { faults.push("takes no focus: " + name(e)); }
        if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) { faults.push("no outline: " + name(e)); }
        if (s.outlineColor === ground(e.parentElement)) { faults.push("outline not seen: " + name(e)); }
        if (box.left < -1 || box.right > innerWidth + 1 || box.top < -1 || box.bottom > innerHeight + box.height) { faults.push("off the screen: " + name(e)); }
        if (!top || !(e.contains(top) || top.contains(e))) { faults.push("covered: " + name(e) + (top ? " by " + name(top) : "")); }
      });
      return faults;
    },
    disordered: function () {
      var faults = [], stops = focusable().filter(function (e) { return !isSkip(e); });
      all("[tabindex]").forEach(function (e) { if (e.tabIndex > 0) { faults.push("tabindex " + name(e)); } });
      stops.forEach(function (e, n) {
        if (n === 0) { return; }
        var a = stops[n - 1].getBoundingClientRect(), b = e.getBoundingClientRect();
        var isNextColumn = e.closest("aside") && !stops[n - 1].closest("aside");
        var isAbove = b.bottom <= a.top && !isNextColumn, isBeside = b.top < a.bottom && b.bottom > a.top;
        if (isAbove || (isBeside && b.right <= a.left)) { faults.push(name(stops[n - 1]) + " before " + name(e)); }
      });
      return faults;
    },
    moving: function () {
      return all("*").filter(function (e) {
        var s = style(e);
        return s.animationName !== "none" || s.transitionDuration.split(", ").some(function (d) { return parseFloat(d) > 0; }) || s.scrollBehavior === "smooth";
      }).map(name);
    },
    borderless: function () {
      return all("input:not([type=hidden]):not([type=checkbox]),.btn,.box").filter(function (e) {
        var s = style(e), behind = ground(e.parentElement);
        return seen(e) && !isSkip(e) && !["Left", "Top"].some(function (side) {
          return s["border" + side + "Style"] !== "none" && parseFloat(s["border" + side + "Width"]) >= 1 && s["border" + side + "Color"] !== behind;
        });
      }).map(name);
    },
    controlsSeen: function () {
      return all("button,.btn,input:not([type=hidden]),.skip").filter(seen).map(name);
    }
  };
})();
