// What the interface says, in French and in English.

import { words } from "./store.js";

export const SIGNS = { support: "▲", condemn: "▼", neutral: "●" };
export const LABELS = ["support", "condemn", "neutral"];
export const TYPES = ["direct", "mixed", "indirect"];

const PHRASES = {
  fr: {
    title: "Qui dit quoi, et pour ou contre quoi",
    skip: "Aller au texte",
    lead: "Collez un article : les citations, qui les prononce, et ce qu’elles défendent ou condamnent.",
    placeholder: "Collez un article ici, ou déposez un fichier n’importe où sur la page.",
    articleText: "Texte de l’article",
    tag: "Trouver les citations",
    openFile: "Ouvrir un fichier",
    files: ".txt, .html ou .docx",
    sample: "Essayer avec un exemple",
    privacy: "Le texte est lu par ce serveur, qui n’en garde rien.",
    dropHere: "Déposez le fichier",
    newText: "Nouveau",
    export: "Exporter",
    copyAs: "Copier les citations affichées",
    download: "Télécharger",
    gold: "Annotations (.jsonl)",
    goldHint: "tout, au format du projet, sans scores",
    page: "Page HTML",
    pageHint: "les citations affichées, en un fichier",
    print: "Imprimer",
    help: "Aide et raccourcis",
    language: "EN", otherLanguage: "In English",
    theme: "Thème",
    theme_auto: "Thème : celui du système",
    theme_light: "Thème : clair",
    theme_dark: "Thème : sombre",
    support: "Pour", condemn: "Contre", neutral: "Neutre",
    direct: "direct", mixed: "mixte", indirect: "indirect",
    types: "Type", stances: "Position",
    text: "Texte", voices: "Qui parle",
    unknown: "Source non précisée",
    filters: "Filtres",
    minScore: "Confiance minimale",
    reset: "Tout afficher",
    none: "Aucune citation dans ce texte.",
    nothing: "Aucune citation ne passe ces filtres.",
    only: "N’afficher que ses citations",
    balance: "Pour et contre",
    mention: "Désigné par", cue: "Introduit par", score: "Confiance", speaker: "Qui parle",
    target: "Cible", inText: "mots du texte",
    corrected: "corrigé",
    correct: "Corriger", done: "Terminé",
    previous: "Citation précédente", next: "Citation suivante", close: "Fermer",
    bounds: "Limites", start: "Début", end: "Fin",
    startOf: "Début de la citation", endOf: "Fin de la citation",
    wider: "un mot de plus", narrower: "un mot de moins",
    fromSelection: "Prendre les mots sélectionnés", selection: "sélection", remove: "Effacer",
    deleteQuote: "Supprimer la citation",
    undo: "Annuler", redo: "Rétablir",
    addQuote: "Nouvelle citation", asMention: "Qui parle", asCue: "Verbe introducteur", asSpan: "Limites",
    selectFirst: "Sélectionnez d’abord des mots dans le texte.",
    overlaps: "Deux citations ne peuvent pas se chevaucher.",
    overMention: "Une citation ne peut pas contenir les mots qui désignent qui parle.",
    notInText: "Ces mots doivent figurer dans le texte.",
    blank: "Il n’y a rien que des espaces.",
    noQuote: "Choisissez d’abord une citation.",
    noFurther: "Pas plus loin.",
    reading: "Lecture…",
    busy: "Le serveur est occupé ; nouvel essai dans {n} s…",
    offline: "Le serveur ne répond pas.",
    refusedSize: "Ce texte est trop gros pour ce serveur",
    refusedText: "Ce serveur ne peut pas traiter ce texte",
    refusedBusy: "Le serveur est trop occupé, réessayez plus tard",
    refusedOther: "Une erreur s’est produite sur le serveur",
    cancel: "Abandonner",
    copied: "Copié.", notCopied: "Le navigateur n’a pas permis de copier.",
    downloaded: "Annotations téléchargées.",
    problems: "Téléchargé, mais « guillemets validate » y trouvera à redire",
    legacy: "Fichier lu comme du texte Windows-1252, car ce n’est pas de l’UTF-8.",
    empty: "Ce fichier ne contient pas de texte.",
    unreadable: "Ce fichier ne peut pas être lu",
    unsupported: "Seuls les fichiers .txt, .html et .docx sont lus.",
    tooLarge: "Ce fichier est trop gros.",
    leave: "Abandonner les corrections qui n’ont pas été téléchargées ?",
    model: "Le modèle",
    figures: "mesuré sur des articles qu’il n’a pas vus, avec l’intervalle à 95 %",
    spans: "citations (F1)", speakersToo: "avec qui parle (F1)", sides: "position (macro-F1)", all: "le tout (F1)",
    caution: "Une attribution fausse met des mots dans la bouche de quelqu’un : vérifiez avant de publier.",
    keys: "Au clavier",
    api: "API",
    keyMove: "citation suivante, précédente",
    keyLabel: "pour, contre, neutre",
    keyType: "direct, mixte, indirect",
    keyEdges: "début, fin : un mot de plus (majuscule : de moins)",
    keySelection: "avec la sélection : nouvelle citation, qui parle, verbe introducteur",
    keyDelete: "supprimer la citation",
    keyUndo: "annuler, rétablir",
    keyClose: "fermer",
    keyHelp: "cette aide",
    keyCorrect: "corriger, terminer",
    keyTag: "trouver les citations",
    keyDrag: "Les poignées aux deux bouts d’une citation se tirent à la souris ou au doigt, et se déplacent avec ← et →.",
    quotes_one: "{n} citation", quotes_other: "{n} citations",
    speakers_one: "{n} source", speakers_other: "{n} sources",
    edits_one: "{n} correction", edits_other: "{n} corrections",
    shownOf: "{n} citations sur {all}",
    colon: " : ",
  },
  en: {
    title: "Who says what, and for or against what",
    skip: "Skip to the text",
    lead: "Paste a French article: its quotes, who says them, and what they support or condemn.",
    placeholder: "Paste an article here, or drop a file anywhere on the page.",
    articleText: "Text of the article",
    tag: "Find the quotes",
    openFile: "Open a file",
    files: ".txt, .html or .docx",
    sample: "Try a sample",
    privacy: "This server reads the text and keeps nothing of it.",
    dropHere: "Drop the file",
    newText: "New",
    export: "Export",
    copyAs: "Copy the quotes shown",
    download: "Download",
    gold: "Labels (.jsonl)",
    goldHint: "all, in the project’s schema, without scores",
    page: "HTML page",
    pageHint: "the quotes shown, in one file",
    print: "Print",
    help: "Help and shortcuts",
    language: "FR", otherLanguage: "En français",
    theme: "Theme",
    theme_auto: "Theme: the system’s",
    theme_light: "Theme: light",
    theme_dark: "Theme: dark",
    support: "Support", condemn: "Condemn", neutral: "Neutral",
    direct: "direct", mixed: "mixed", indirect: "indirect",
    types: "Type", stances: "Stance",
    text: "Text", voices: "Speakers",
    unknown: "Unnamed source",
    filters: "Filters",
    minScore: "Least confidence",
    reset: "Show all",
    none: "No quote in this text.",
    nothing: "No quote passes these filters.",
    only: "Show only these quotes",
    balance: "Support and condemnation",
    mention: "Named by", cue: "Introduced by", score: "Confidence", speaker: "Speaker",
    target: "Target", inText: "words of the text",
    corrected: "corrected",
    correct: "Correct", done: "Done",
    previous: "Previous quote", next: "Next quote", close: "Close",
    bounds: "Boundaries", start: "Start", end: "End",
    startOf: "Start of the quote", endOf: "End of the quote",
    wider: "a word more", narrower: "a word less",
    fromSelection: "Take the selected words", selection: "selection", remove: "Clear",
    deleteQuote: "Delete the quote",
    undo: "Undo", redo: "Redo",
    addQuote: "New quote", asMention: "Speaker", asCue: "Cue", asSpan: "Boundaries",
    selectFirst: "First select words in the text.",
    overlaps: "Two quotes cannot overlap.",
    overMention: "A quote cannot hold the words that name its speaker.",
    notInText: "These words must occur in the text.",
    blank: "There is nothing but white space.",
    noQuote: "First choose a quote.",
    noFurther: "No further.",
    reading: "Reading…",
    busy: "The server is busy; trying again in {n} s…",
    offline: "The server does not answer.",
    refusedSize: "This text is too large for this server",
    refusedText: "This server cannot handle this text",
    refusedBusy: "The server is too busy, try again later",
    refusedOther: "The server made an error",
    cancel: "Give up",
    copied: "Copied.", notCopied: "The browser did not allow copying.",
    downloaded: "Labels downloaded.",
    problems: "Downloaded, but “guillemets validate” will object",
    legacy: "Read as Windows-1252 text, since it is not UTF-8.",
    empty: "There is no text in this file.",
    unreadable: "This file cannot be read",
    unsupported: "Only .txt, .html and .docx files are read.",
    tooLarge: "This file is too large.",
    leave: "Give up the corrections that have not been downloaded?",
    model: "The model",
    figures: "measured on articles it has not seen, with the 95% interval",
    spans: "quotes (F1)", speakersToo: "with speakers (F1)", sides: "stance (macro-F1)", all: "all of it (F1)",
    caution: "A wrong attribution puts words into someone’s mouth: check before publishing.",
    keys: "By keyboard",
    api: "API",
    keyMove: "next, previous quote",
    keyLabel: "support, condemn, neutral",
    keyType: "direct, mixed, indirect",
    keyEdges: "beginning, end: a word more (capital: less)",
    keySelection: "with the selection: new quote, speaker, cue",
    keyDelete: "delete the quote",
    keyUndo: "undo, redo",
    keyClose: "close",
    keyHelp: "this help",
    keyCorrect: "correct, done",
    keyTag: "find the quotes",
    keyDrag: "The handles at both ends of a quote are dragged with the mouse or a finger, and moved by ← and →.",
    quotes_one: "{n} quote", quotes_other: "{n} quotes",
    speakers_one: "{n} speaker", speakers_other: "{n} speakers",
    edits_one: "{n} correction", edits_other: "{n} corrections",
    shownOf: "{n} of {all} quotes",
    colon: ": ",
  },
};

export let language = "en";

// t("busy", { n: 3 }); with ``n``, a phrase may have a form for one and one for others.
export function t(key, values = {}) {
  const phrases = PHRASES[language];
  const form = "n" in values && `${key}_${new Intl.PluralRules(language).select(values.n)}`;
  const phrase = phrases[key] ?? phrases[form] ?? phrases[`${key}_other`];
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Speaks that language, in all nodes that say which phrase is theirs: data-t for their text, and
// data-t-placeholder and the like for an attribute.
export function speak(code) {
  language = code in PHRASES ? code : "en";
  document.documentElement.lang = language;
  document.title = `guillemets – ${t("title")}`;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const name of ["placeholder", "aria-label", "title"]) {
    for (const node of document.querySelectorAll(`[data-t-${name}]`)) {
      node.setAttribute(name, t(node.getAttribute(`data-t-${name}`)));
    }
  }
}

export const percent = (share) =>
  new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);

// What stands in small print after a quote.
export const note = (quote) =>
  [t(quote.type), quote.corrected ? "✓" : quote.score !== null && percent(quote.score)]
    .filter(Boolean).join("\u00a0"); // on one line

// A quote's labels in one line, for who does not see them.
export function describe(quote) {
  const side = t(quote.label) + (quote.target ? t("colon") + quote.target : "");
  const who = quote.name ?? t("unknown");
  const cue = quote.cue && words(quote.cue);
  return [who, cue, side, note(quote)].filter(Boolean).join(", ");
}
