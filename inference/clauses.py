"""Rules of the guide on what a quote may consist of: clauses, phrases between marks, and what is none."""

from __future__ import annotations

import re

from .text import View
from .word_classes import says

NEAR = 70  # characters before a span that tell
ROW = 12  # marked phrases in a row, at most
# « les groupes dits « modérés » », « surnommé « le Kaiser » »; but not « qu'il avait dite « folle » ».
_TERM = re.compile(
    r"\b(?:(?<!\ba )(?<!\bse )(?<!ont )(?<!est )(?<!avait )(?<!était )(?<!aient )(?:dit(?:s|e|es)|titrée?s?)"
    r"|(?:sur|re|pré)?nommée?s?|(?:re)?baptisée?s?|(?:sous-|in)?titulée?s?|sous-titrée?s?|alias)"
    r" (?:l[ea]s? |l')?$",
    re.IGNORECASE,
)
# « mis en examen pour « détournement de fonds » », « une enquête pour « viol » », « inculpé de « recel » ».
_CHARGE = re.compile(
    r"\b(?:(?:enquêtes?|informations? judiciaires?|plaintes?|examen|réquisitoires?|poursui\w+|inculpé\w*"
    r"|comparu\w*|comparaî\w+|condamné\w*|jugé\w*|écroué\w*|arrêté\w*)\b[^.,;:«»“”\n]{0,40}? pour"
    r"|(?:soupçonné|inculpé|répond)\w* d[e'](?: l[ea']s?)?) ?$",
    re.IGNORECASE,
)
# « le film « Les Ombres » »: marked words with a capital, right after what has a title.
_ENTITLED = re.compile(
    r"\b(?:pétition|livre|film|ouvrage|roman|chanson|album|article|documentaire|émission|essai|tribune|rapport"
    r"|opération|campagne|exposition|série|pièce|spectacle|concert|conférence|programme|projet|mouvement|collectif"
    r"|groupe|association|page|revue|magazine|hebdomadaire|quotidien|journal|site|chaîne|hashtag|titre|prix|tournée"
    r"|single|dossier|affaire|loi|plan|charte|recueil|poème|jeu|rubrique|chronique|blog|parti|liste|festival|salon"
    r"|(?:in|sous-)?titulée?)s? $",
    re.IGNORECASE,
)
_ACCUSED = re.compile(r"\b(?:accus|suspect)\w*[^.;:«»“”\n]{0,40} d[e'] ?$", re.IGNORECASE)
_OFFENCE = re.compile(
    r"(?:violences?|attroupement|rébellion|vols?|homicides?|viols?|détournements?|association de malfaiteurs|outrages?"
    r"|agressions?|escroquerie|recel|corruption|fraude|abus de|meurtres?|assassinats?|tentatives? d|complicité"
    r"|apologie|incitation|provocation|participation à|destructions?|dégradations?|trafic|blanchiment|harcèlement"
    r"|diffamation|injures?|faux et|enlèvement|séquestration|mise en danger|non-assistance|prise illégale|sédition)\b",
    re.IGNORECASE,
)
#: Words that may stand between marked phrases of one row.
LISTED = frozenset((",", "et", "ou", "puis"))
#: Words that may stand between what was said and the verb: « , lui a-t-il dit ».
AUXILIARIES = frozenset(
    "a ont avait avaient s est sont se lui leur m nous t il elle ils elles on - '".split()
)
ATTRIBUTION = 6  # words within which that verb stands, itself included
_SELON = re.compile(r"\b(?:selon|d'après)\b[^,.;:«»“”]*$", re.IGNORECASE)
_GLOSS = re.compile(r"[»”] ?\( ?« ?$")
_COMPLEMENT = re.compile(r"\b(?:de |d'|à )$", re.IGNORECASE)
# « la volonté de ne pas appliquer la loi », « la décision du président de partir »: no verb reports them.
_OF_NOUN = re.compile(
    r"\b(?:volonté|choix|décision|idée|(?:le |du )fait|intention|projet|possibilité|difficulté|désir|but|objectif)s?"
    r"\b[^.,;:«»“”]{0,30}? (?:de |d')$",
    re.IGNORECASE,
)
_IN_THE_WORDS_OF = re.compile(
    r",? (?:selon|d'après|suivant|pour reprendre) (?:les (?:propres )?(?:mots|termes)|(?:le|ses) mots?|l'expression|la formule)\b"
)
# « clôture », « ministre », « nécessaire » are none.
_INFINITIVE = re.compile(
    r"(?:\w+[ei]r|\w*(?:[aeio]i?ndre|rdre|[eo]udre|[ae]ttre|[aoe]ître|(?<!tr)être|croire|boire|(?:d|l|cr|r|u|ff)ire"
    r"|(?:pl|tr)aire|clure|[vu]ivre|rompre|vaincre)|(?:\w*[^\Wf]|)faire|taire)$",
    re.IGNORECASE,
)
_NO_INFINITIVE = frozenset(
    "premier dernier fier étranger cher hier mer fer hiver danger cuiller chantier quartier dossier papier métier"
    " ouvrier courrier officier financier singulier particulier régulier entier léger janvier février policier"
    " prisonnier calendrier avenir désir plaisir souvenir cadre ordre".split()
)
_BEFORE_CLAUSE = frozenset("que qu si s , : ; . ! ? … ) » - – —".split())
_BEFORE_INFINITIVE = frozenset(
    "[ ( ' ne n pas plus point jamais rien guère se s me m te t nous vous le la les l lui leur en y"
    " tout tous bien mieux".split()
)


def marked_phrases(view: View, first: int, end: int) -> list[tuple[int, int]]:
    """The marked phrases that a mixed quote begins with and runs over, each alone; a clause stays whole.

    « dénonce « un acte odieux » qui a frappé « des innocents » » has two. Marked words are a clause where
    they begin a sentence, follow « que » or a comma (but that of a list), or begin with « que » or an infinitive themselves.
    """
    if not first < end:
        return []
    outer = view.outer_pairs(first, end)
    phrases = [(opening, closing + 1) for opening, closing in outer] or [(first, end)]
    if _OF_NOUN.search(view.before(first, NEAR)) and view.words[first].mark != 1:
        return phrases
    if _IN_THE_WORDS_OF.match(view.text, view.words[end - 1].view_end):
        return phrases[-1:]
    if not first or not outer or view.breaks[first] or view.words[first].mark != 1:
        return [(first, end)]
    before = first - 2 if first > 1 and view.shown(first - 1) == "'" else first - 1
    listed = view.shown(before) == "," and before and view.words[before - 1].mark == -1
    if not listed and view.shown(before).lower() in _BEFORE_CLAUSE or _after_selon(view, first):
        return [(first, end)]
    if _clause(view, first + 1, end) or _ready_to(view, outer[0][1] + 1, end):
        return [(first, end)]
    return phrases


def _ready_to(view: View, after: int, end: int) -> bool:
    """Whether « à suspendre le mouvement » follows marked words: « prêts » à … is a clause."""
    return after < end and view.shown(after) == "à" and is_infinitive(view, after + 1, end)


def _clause(view: View, first: int, end: int) -> bool:
    """Whether the words begin with « que » or with an infinitive, with or without « à » or « de »."""
    head = view.shown(first).lower()
    if head in ("à", "de", "d"):
        first += 1
    return head in ("que", "qu") or is_infinitive(view, first, end)


def is_term_or_charge(view: View, first: int) -> bool:
    """Whether marked words that begin with the mark ``first`` are a name given to something, or a charge.

    What stands in a row with such words is one as well: « accusés de « violences » et « rébellion » ».
    """
    first = _row(view, first)
    before = view.before(first, NEAR)
    if _TERM.search(before) or _CHARGE.search(before) or is_title(view, first):
        return True
    inside = view.words[first + 1].view_start if first + 1 < len(view.words) else 0
    return bool(_ACCUSED.search(before) and _OFFENCE.match(view.text, inside))


def is_title(view: View, first: int) -> bool:
    """Whether marked words that begin with the mark ``first`` are the title of what is named before them."""
    if first + 1 >= len(view.words) or not view.shown(first + 1)[0].isupper():
        return False
    return bool(_ENTITLED.search(view.before(first, NEAR)))


def _row(view: View, first: int) -> int:
    """The mark that opens the first of the marked phrases that stand in a row with that at ``first``."""
    for _ in range(ROW):
        i = first - 1
        while i > 0 and first - i <= 2 and view.shown(i).lower() in LISTED:
            i -= 1
        if i >= first - 1 or view.words[i].mark != -1 or i not in view.mates:
            break
        first = view.mates[i]
    return first


def _after_selon(view: View, first: int) -> bool:
    """Whether « selon X », without a comma, goes before word ``first``."""
    return bool(_SELON.search(view.before(first, NEAR)))


def is_gloss(view: View, first: int) -> bool:
    """Whether a direct quote at ``first`` tells marked words again: « « Oui » (« Yes ») »."""
    return bool(_GLOSS.search(view.before(first, NEAR)))


def is_complement_only(view: View, first: int, end: int) -> bool:
    """Whether « de » or « à » goes before and what follows is no reported infinitive.

    « promettent de nouvelles actions », « la volonté de ne pas appliquer la loi ».
    """
    before = view.before(first, NEAR)
    if not _COMPLEMENT.search(before):
        return False
    return bool(_OF_NOUN.search(before)) or not is_infinitive(view, first, end)


def is_infinitive(view: View, first: int, end: int) -> bool:
    """Whether words ``[first, end)`` begin with an infinitive and what may stand before it."""
    for i in range(first, end):
        word = view.shown(i).lower()
        if _INFINITIVE.match(word) and word not in _NO_INFINITIVE:
            return True
        if word not in _BEFORE_INFINITIVE and not word.endswith("ment"):
            return False
    return False


def is_said_here(view: View, first: int, passed: frozenset[str] = AUXILIARIES) -> bool:
    """Whether a verb of saying stands at word ``first`` or soon after, behind words ``passed`` over."""
    for i in range(first, min(first + ATTRIBUTION, len(view.words))):
        word = view.shown(i).lower()
        if word not in passed:
            return says(word)
    return False
