// Shows the facts of the quote under the pointer, under the finger or in focus. They are already on
// the page, in the list; this only copies their nodes, so no text ever becomes markup.
(() => {
  "use strict";
  const card = document.getElementById("card");
  let active = null;
  let pinned = false;

  document.documentElement.classList.add("js");

  const marksOf = (key) => document.querySelectorAll(`article [data-quote="${key}"], aside [data-quote="${key}"]`);

  function hide() {
    if (active !== null) marksOf(active).forEach((node) => node.classList.remove("on"));
    document.documentElement.classList.remove("reading");
    card.hidden = true;
    active = null;
    pinned = false;
  }

  function show(key, anchor) {
    if (key !== active) {
      hide();
      active = key;
      marksOf(key).forEach((node) => node.classList.add("on"));
      document.documentElement.classList.add("reading");
      const facts = document.getElementById(`facts-${key}`);
      card.replaceChildren(...facts.cloneNode(true).childNodes);
      card.hidden = false;
      reveal(facts.closest("li"));
      place(anchor);
    }
  }

  // Scrolls the list, where it has a scroll bar of its own, and never the page.
  function reveal(item) {
    const list = item.closest("aside");
    if (list.scrollHeight <= list.clientHeight) return;
    const above = item.offsetTop - list.scrollTop;
    if (above < 0 || above + item.offsetHeight > list.clientHeight) {
      list.scrollTop = item.offsetTop - list.clientHeight / 3;
    }
  }

  // Below the quote, its mention and its cue, or above them, so that the card hides none of them;
  // small screens show it at the bottom.
  function place(anchor) {
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    const gap = 10;
    const words = anchor.getBoundingClientRect();
    if (getComputedStyle(card).position === "fixed") {
      const covered = words.bottom + gap - (height - card.offsetHeight);
      if (covered > 0) window.scrollBy(0, covered);
      return;
    }
    const near = [...document.querySelectorAll("article .on")]
      .map((node) => node.getBoundingClientRect())
      .filter((box) => Math.abs(box.top - words.top) < height / 4);
    const top = Math.min(...near.map((box) => box.top));
    const bottom = Math.max(...near.map((box) => box.bottom));
    const fits = bottom + gap + card.offsetHeight <= height || top < card.offsetHeight + gap;
    const left = Math.min(Math.max(gap, words.left), width - card.offsetWidth - gap);
    card.style.left = `${left + window.scrollX}px`;
    card.style.top = `${(fits ? bottom + gap : top - card.offsetHeight - gap) + window.scrollY}px`;
  }

  const quoteAt = (target) => (target instanceof Element ? target.closest("mark.quote") : null);

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || pinned) return;
    const mark = quoteAt(event.target);
    if (mark) show(mark.dataset.quote, mark);
    else if (active !== null && document.activeElement !== document.getElementById(`quote-${active}`)) hide();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("aside a");
    const mark = link ? document.getElementById(link.hash.slice(1)) : quoteAt(event.target);
    if (link && mark) {
      event.preventDefault();
      mark.scrollIntoView({ block: "center" });
      mark.focus({ preventScroll: true });
    }
    if (mark) {
      show(mark.dataset.quote, mark);
      pinned = true;
    } else if (!card.contains(event.target)) {
      hide();
    }
  });

  // Only for the keyboard: a finger's focus comes before its click, and the card would catch that.
  document.addEventListener("focusin", (event) => {
    const mark = quoteAt(event.target);
    if (mark?.matches(":focus-visible")) show(mark.dataset.quote, mark);
  });

  document.addEventListener("focusout", (event) => {
    if (quoteAt(event.target) && !pinned) hide();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
})();
