// Language and theme: the browser's, until somebody switches. The choice stays in this browser.

import { $ } from "./dom.js";
import { language, speak, t } from "./phrases.js";

const THEMES = ["auto", "light", "dark"];

// Storage can be forbidden; then a choice lasts as long as the page.
function remembered(name) {
  try {
    return localStorage.getItem(`guillemets.${name}`);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`guillemets.${name}`, value);
  } catch {
    // as said above
  }
}

let theme = "auto";

function wear(next) {
  theme = THEMES.includes(next) ? next : "auto";
  document.documentElement.dataset.theme = theme;
  tell();
}

function tell() {
  const button = $("theme");
  button.title = t(`theme_${theme}`);
  button.setAttribute("aria-label", button.title);
}

// ``spoken`` is called when all that scripts have drawn has to be drawn in another language.
export function startPreferences(spoken) {
  const wanted = remembered("language") ?? (navigator.language.startsWith("fr") ? "fr" : "en");
  speak(wanted);
  wear(remembered("theme"));
  $("language").addEventListener("click", () => {
    speak(language === "fr" ? "en" : "fr");
    remember("language", language);
    tell();
    spoken();
  });
  $("theme").addEventListener("click", () => {
    wear(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
    remember("theme", theme);
  });
}
