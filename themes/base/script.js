/* What a page does better with script; without it everything works. ES5 for Chrome 49 and Firefox 52.
   WORDS and TABLE are put in when a theme is loaded (idp/theming/script.py). A comment has lines of its own. */
(function () {
"use strict";
var words = WORDS, table = TABLE, page = document;

function all(selector, use) {
  [].forEach.call(page.querySelectorAll(selector), use);
}

function make(tag, name, parent, before) {
  var element = page.createElement(tag);
  element.className = name;
  return parent.insertBefore(element, before || null);
}

/* A place in front of a field where a warning can be said; the same words are never said twice. */
function teller(before, name) {
  var place = make("p", "", before.parentNode, before);
  place.setAttribute("aria-live", "polite");
  place.style.fontWeight = 600;
  return function (text) {
    if (place.textContent !== text) {
      place.textContent = text;
      place.className = text && name;
    }
  };
}

function figures(number) {
  return String(number).replace(/\d/g, function (digit) { return words.digits[digit]; });
}

/* -- show and hide a password ------------------------------------------------------------------ */

/* The button's name is whole, in three parts; only the middle one is seen. */
function reveal(input) {
  var names = words.reveal[input.id], parent = input.parentNode, button, parts;
  if (!names) { return; }
  button = make("button", "link", parent);
  parts = ["skip", "", "skip"].map(function (name) { return make("span", name, button); });
  button.type = "button";
  parent.style.position = "relative";
  button.style.cssText = "position:absolute;right:4px;bottom:0;min-height:3rem;padding:0 12px;font-weight:600";
  function show(shown) {
    var start = input.selectionStart, end = input.selectionEnd, focused = page.activeElement === input;
    input.type = shown ? "text" : "password";
    if (focused) { input.setSelectionRange(start, end); }
    parts.forEach(function (part, at) { part.textContent = names[+shown][at]; });
  }
  show(false);
  input.style.paddingRight = button.offsetWidth + 8 + "px";
  input.setAttribute("autocapitalize", "off");
  input.spellcheck = false;
  button.addEventListener("mousedown", function (event) { event.preventDefault(); });
  button.addEventListener("click", function () { show(input.type !== "text"); });
  if (input.form) { input.form.addEventListener("submit", function () { show(false); }); }
}

/* -- keyboards --------------------------------------------------------------------------------- */

function watchCaps(input) {
  var say = teller(input, "hint");
  ["keydown", "keyup", "mousedown"].forEach(function (kind) {
    input.addEventListener(kind, function (event) {
      if (event.getModifierState) { say(event.getModifierState("CapsLock") ? words.caps : ""); }
    });
  });
}

function watchBengali(input, text) {
  var say = teller(input, "hint");
  input.addEventListener("input", function () {
    say(/[\u0980-\u09ff]/.test(input.value) ? text : "");
  });
}

/* -- the rules of a new password, judged as the server judges ---------------------------------- */

function points(text) {
  var found = [], at, point;
  for (at = 0; at < text.length; at += point > 65535 ? 2 : 1) {
    point = text.codePointAt(at);
    found.push(point);
  }
  return found;
}

function normal(text) {
  return points(text).length > words.longest ? text :
    text.replace(/[\u200b-\u200d\u2060\ufeff]/g, "").normalize("NFC");
}

/* Does a code point belong to a general category? The table says for each category how far the next
   range is and how long, in base 36. */
function belongs(category) {
  var test;
  try { test = new RegExp("^\\p{" + category + "}$", "u"); } catch (error) { test = null; }
  return function (point) {
    if (test) { return test.test(String.fromCodePoint(point)); }
    var end = 0;
    return (table[category] || "").split(" ").some(function (range) {
      var pair = range.split("."), start = end + parseInt(pair[0], 36);
      end = start + parseInt(pair[1] || 1, 36);
      return point >= start && point < end;
    });
  };
}

/* Returns the judge of a rule: {least, span: "AZ" or "", categories: "P S" or ""}. */
function judge(rule) {
  var span = rule.span || "", kinds = rule.categories ? rule.categories.split(" ").map(belongs) : [];
  return function (text) {
    return points(normal(text)).filter(function (point) {
      if (span) { return point >= span.charCodeAt(0) && point <= span.charCodeAt(1); }
      return !kinds.length || kinds.some(function (is) { return is(point); });
    }).length >= rule.least;
  };
}

function checklist(list, input) {
  var say, told, timer, rules = [].map.call(list.children, function (item) {
    var mark = make("span", "mark", item, item.firstChild), word = make("span", "skip", item);
    mark.setAttribute("aria-hidden", "true");
    return { item: item, mark: mark, word: word, judge: judge(item.dataset) };
  });
  function update() {
    var met = 0;
    rules.forEach(function (rule) {
      var good = rule.judge(input.value);
      met += +good;
      rule.item.className = good ? "met" : "";
      rule.mark.textContent = good ? "✓" : "○";
      rule.word.textContent = " – " + words.met[+good];
    });
    return met;
  }
  list.className = "live";
  say = teller(list, "skip");
  told = update();
  input.addEventListener("input", function () {
    var met = update();
    clearTimeout(timer);
    timer = setTimeout(function () {
      if (met !== told) {
        told = met;
        say(words.live.replace("{met}", figures(met)).replace("{total}", figures(rules.length)));
      }
    }, 800);
  });
}

/* -- waiting ----------------------------------------------------------------------------------- */

/* Counts down by the clock, so that a machine may sleep in between; the server judges all the same. */
function countDown(line) {
  var end = Date.now() + line.dataset.wait * 1000, say = teller(line, "soft");
  function tick() {
    var left = Math.ceil((end - Date.now()) / 1000), minutes = Math.ceil(left / 60);
    var forms = left < 60 ? words.seconds : words.minutes, count = left < 60 ? left : minutes;
    if (left < 1) {
      line.style.display = "none";
      say(line.dataset.ready);
    } else {
      line.textContent = forms[+(count > 1)].replace("{}", figures(count));
      setTimeout(tick, 1000);
    }
  }
  tick();
}

/* A second click sends nothing; the button stays enabled, or its value would not be sent. */
function sendOnce(form) {
  var pressed, label;
  function undo() {
    if (pressed && label) { pressed.innerHTML = label; }
    form.sent = label = pressed = 0;
  }
  form.addEventListener("click", function (event) {
    var button = event.target;
    while (button !== form && button.tagName !== "BUTTON") { button = button.parentNode; }
    if (!form.sent && button !== form && button.type === "submit") { pressed = button; }
  });
  form.addEventListener("submit", function (event) {
    if (form.sent) { event.preventDefault(); return; }
    form.sent = 1;
    if (pressed) {
      label = pressed.innerHTML;
      pressed.textContent = words.wait;
    }
    setTimeout(undo, 15000);
  });
  window.addEventListener("pageshow", undo);
}

/* -- begin ------------------------------------------------------------------------------------- */

if (typeof module === "object") {
  module.exports = judge;
  return;
}
all("main form", sendOnce);
all("#userid:not([readonly]),#password", function (input) { watchBengali(input, words.keyboard); });
all("#new_password", function (input) { watchBengali(input, words.bengali); });
all("[type=password]", function (input) {
  watchCaps(input);
  reveal(input);
});
all("[data-wait]", countDown);
all(".rules ul", function (list) {
  all("#new_password", function (input) { checklist(list, input); });
});
all(".error[tabindex]", function (summary) {
  if (page.activeElement === page.body) { summary.focus(); }
});
})();
