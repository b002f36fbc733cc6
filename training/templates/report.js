"use strict";
// Shows the errors of the chosen kinds that hold the words searched for.
const boxes = [...document.querySelectorAll("input[name=kind]")];
const search = document.getElementById("search");
const articles = [...document.querySelectorAll("#errors article")].map((element) => ({
  element,
  kinds: element.dataset.kinds.split(" "),
  words: element.textContent.toLocaleLowerCase(),
}));
const filter = () => {
  const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const wanted = search.value.trim().toLocaleLowerCase();
  let shown = 0;
  for (const { element, kinds, words } of articles) {
    element.hidden = !(kinds.some((kind) => chosen.has(kind)) && words.includes(wanted));
    shown += element.hidden ? 0 : 1;
  }
  document.getElementById("shown").textContent = `${shown} of ${articles.length}`;
};
document.querySelector("form").addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
filter();
