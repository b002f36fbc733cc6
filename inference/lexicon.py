"""French word lists for finding who speaks: titles, pronouns, people's functions, first names.

All words are folded: lower case, no accents, straight apostrophes (see ``words.fold``).
"""

from __future__ import annotations


def word_set(words: str) -> frozenset[str]:
    """The words of a list written as one string."""
    return frozenset(words.split())


def _demonyms(masculine: str) -> frozenset[str]:
    """Both genders, singular and plural, of demonyms in the masculine."""
    found = set()
    for word in masculine.split():
        feminine = next(
            (
                word.removesuffix(ending) + other
                for ending, other in (("ien", "ienne"), ("een", "eenne"), ("on", "onne"), ("grec", "grecque"),
                                      ("turc", "turque"), ("eau", "elle"), ("e", "e"))
                if word.endswith(ending)
            ),
            word + "e",
        )  # fmt: skip
        found |= {word, feminine, feminine + "s", word if word.endswith("s") else word + "s"}
    return frozenset(found)


# -- small grammatical words -------------------------------------------------------------------

#: Titles that stand before a name and never belong to it, with the gender they tell.
TITLES: dict[str, str] = {
    "m": "m", "mr": "m", "mm": "m", "messieurs": "m", "monsieur": "m", "monseigneur": "m", "mgr": "m",
    "mme": "f", "mmes": "f", "madame": "f", "mesdames": "f", "mlle": "f", "mlles": "f", "mademoiselle": "f",
    "me": "", "mes": "", "maitre": "", "dr": "", "dre": "f", "docteur": "", "docteure": "f", "pr": "", "prof": "",
    "professeur": "", "professeure": "f", "pere": "m", "abbe": "m", "frere": "m", "soeur": "f", "mere": "f",
    "cardinal": "m", "imam": "m", "rabbin": "m", "sir": "m", "lord": "m", "lady": "f", "sheikh": "m", "sheik": "m", "dom": "m",
    "president": "m", "presidente": "f", "general": "m", "colonel": "m", "commandant": "m", "capitaine": "m",
}  # fmt: skip

#: Determiner -> gender and number: m, f, p(lural) or "" where it does not tell.
DETERMINERS: dict[str, str] = {
    "le": "m", "la": "f", "l'": "", "les": "p", "un": "m", "une": "f", "des": "p", "ce": "m", "cet": "m",
    "cette": "f", "ces": "p", "son": "", "sa": "f", "ses": "p", "leur": "", "leurs": "p", "notre": "",
    "nos": "p", "votre": "", "mon": "", "ma": "f", "plusieurs": "p", "certains": "p", "certaines": "p",
    "quelques": "p", "deux": "p", "trois": "p", "quatre": "p", "cinq": "p", "six": "p", "aucun": "m", "chaque": "",
}  # fmt: skip
INDEFINITE = word_set("un une des plusieurs certains certaines quelques deux trois quatre cinq six")
DEMONSTRATIVE = word_set("ce cet cette ces")
POSSESSIVE = word_set("son sa ses leur leurs notre nos")

PREPOSITIONS = word_set(
    "de du des d' a au aux en dans par pour avec sans sous sur chez vers contre entre depuis selon apres avant "
    "devant derriere envers malgre parmi face pres hors jusqu' outre via"
)

#: Pronouns that can name a speaker -> gender and number.
PRONOUNS: dict[str, str] = {
    "il": "m", "elle": "f", "ils": "p", "elles": "p", "on": "", "lui": "m", "eux": "p", "qui": "", "l'": "",
    "celui-ci": "m", "celle-ci": "f", "ceux-ci": "p", "celles-ci": "p", "celui-la": "m", "celle-la": "f",
    "ce dernier": "m", "cette derniere": "f", "ces derniers": "p", "ces dernieres": "p", "le": "", "la": "f",
    "je": "", "j'": "", "nous": "p", "moi": "", "lui-meme": "m", "elle-meme": "f", "eux-memes": "p", "leur": "p",
    "dernier": "m", "derniere": "f", "celui": "m", "celle": "f", "ceux": "p", "tous": "p", "toutes": "p",
    "tous deux": "p", "toutes deux": "p", "les deux": "p", "s'": "", "se": "", "son": "", "sa": "", "ses": "",
    "l'interesse": "m", "l'interessee": "f", "les interesses": "p", "l'un": "m", "l'une": "f",
    "le premier": "m", "la premiere": "f", "le second": "m", "la seconde": "f", "l'autre": "",
    "le meme": "m", "la meme": "f",
}  # fmt: skip
NEAR_PRONOUNS = word_set("celui-ci celle-ci ceux-ci celles-ci ces dernier derniere") | {
    "ce dernier", "cette derniere", "ces derniers", "ces dernieres",
}  # fmt: skip

#: Lower-case words that may stand inside a person's name.
PARTICLES = word_set(
    "de du d' des la le van von der den ter dos da do di del della al el ben bin bint ibn ould abu abou y e zu"
)

#: Words that open a sentence with a capital and are no names.
STARTERS = word_set(
    "le la les l' un une des du de d' ce cet cette ces son sa ses leur leurs notre nos votre vos mon ma mes ton ta tes "
    "il elle ils elles on je j' tu nous vous lui eux moi toi qui que qu' quoi dont ou quand comme si car donc or ni "
    "mais et puis ensuite enfin alors ainsi aussi encore deja toujours jamais souvent parfois tout toute tous toutes "
    "a au aux en dans par pour avec sans sous sur chez vers contre entre depuis selon d'apres apres avant devant "
    "derriere pendant durant malgre parmi face pres loin hors jusqu' jusque outre via ici la-bas hier demain "
    "aujourd'hui lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier mars avril mai juin juillet aout "
    "septembre octobre novembre decembre oui non ne n' pas plus moins tres trop peu assez beaucoup bien mal mieux "
    "autre autres plusieurs certains certaines quelques chaque chacun chacune aucun aucune nul rien personne "
    "c' s' m' t' y est sont etait ont avait sera seront faut interroge interrogee interroges sollicite sollicitee "
    "contacte contactee joint jointe reste restent vient cela ceci ca celui celle ceux celles voici voila "
    "deux trois quatre cinq six sept huit neuf dix cent mille premier premiere second seconde dernier derniere "
    "lorsque lorsqu' puisque puisqu' quoique bien parce tandis afin tant autant cependant pourtant toutefois "
    "neanmoins neanmoins bref certes autrement plutot meme seul seule seuls seules surtout notamment faute grace quant "
    "fin debut merci bravo tant pis non oui ah oh eh combien comment pourquoi quel quelle quels quelles quelque "
    "nombreux nombreuses cote suite peut-etre aussitot bientot tantot maintenant desormais dorenavant auparavant "
    "invite invitee venu venue ne nee age agee elu elue applaudi accuse accusee devenu devenue fonde fondee "
    "resultat photo video article source sources copie info infos exclusif document reportage entretien portrait "
    "lors environ contrairement longtemps hormis sauf presque vive excepte vu attendu tard tel telle fort "
    "surnomme surnommee qualifie qualifiee decrit decrite presente presentee poursuivi poursuivie arrive arrivee "
    "battu battue passe passee mis mise pris prise lance lancee cite citee vendu ne originaire membre ancien ancienne "
    "onze douze treize quatorze quinze seize vingt trente quarante cinquante soixante ayant etant se ensemble dehors "
    "bon bonne bonjour adieu courage chapeau honte page lire voir partager suivront ouvert ouverte autour retour "
    "difficile impossible inutile possible probable affaire tennis football cyclisme rugby hockey"
)  # fmt: skip

#: Adjectives and numerals that stand between determiner and noun.
PREMODIFIERS = word_set(
    "ancien ancienne anciens anciennes nouveau nouvel nouvelle nouveaux nouvelles jeune jeunes vieux vieil vieille "
    "petit petite grand grande haut haute hauts hautes premier premiere second seconde autre autres meme memes "
    "actuel actuelle futur future ex tres simple double principal principale principaux propre deux trois quatre cinq "
    "six sept huit neuf dix vice vrai feu tout toute bon bonne celebre seul seule quelque quelques"
)

#: Who comes from somewhere, as an epithet that stands for a name: « le Sénégalais », « l'Allemande ».
#: Without « le Parisien », which mostly is the newspaper.
DEMONYMS = _demonyms(
    "francais anglais irlandais ecossais neerlandais hollandais portugais polonais finlandais islandais japonais libanais "
    "senegalais camerounais congolais gabonais togolais rwandais burundais ougandais soudanais pakistanais thailandais "
    "neo-zelandais antillais marseillais lyonnais bordelais nantais rennais lillois toulonnais montpellierain ardennais "
    "chinois danois suedois hongrois luxembourgeois beninois quebecois ontarois bavarois nicois "
    "strasbourgeois grenoblois amienois dijonnais remois brestois havrais rochelais "
    "italien norvegien autrichien estonien lituanien ukrainien georgien armenien azerbaidjanais bresilien colombien "
    "argentin chilien peruvien bolivien equatorien venezuelien canadien australien indien indonesien vietnamien coreen "
    "cambodgien malaisien philippin egyptien tunisien algerien libyen syrien jordanien palestinien israelien iranien "
    "irakien saoudien kenyan ethiopien tanzanien nigerian nigerien malien guineen ivoirien mauritanien malgache tchadien "
    "mauricien haitien jamaicain dominicain cubain mexicain americain africain europeen asiatique marocain roumain "
    "espagnol mongol letton breton normand alsacien basque corse catalan provencal picard flamand allemand britannique "
    "belge suisse russe tcheque slovaque slovene croate serbe bosniaque grec turc kurde arabe afghan ouzbek kazakh "
    "birman sri-lankais nepalais batave helvete messin nanceien tourangeau angevin perigourdin toulousain"
)

#: Abstract counts of people: « une centaine de personnes », « un millier de manifestants ».
QUANTITIES = word_set(
    "dizaine douzaine quinzaine vingtaine trentaine quarantaine cinquantaine soixantaine centaine "
    "centaines millier milliers dizaines poignee majorite foule"
)

#: Nouns of time, which open sentences and never speak.
TIMES = word_set(
    "lendemain matin soir jour jours veille semaine mois annee an ans nuit heure heures fois apres-midi midi moment "
    "week-end printemps automne hiver ete instant siecle debut fin"
)

#: What a title tells of someone's trade; participles that do (« présidée par X »).
TITLE_NOUNS = {
    "me": "avocat", "maitre": "avocat", "dr": "medecin", "docteur": "medecin", "docteure": "medecin", "pr": "professeur",
    "professeur": "professeur", "professeure": "professeure", "mgr": "eveque", "monseigneur": "eveque", "pere": "pretre",
    "abbe": "pretre", "soeur": "religieuse", "frere": "religieux", "cardinal": "cardinal", "imam": "imam",
    "rabbin": "rabbin", "general": "general", "colonel": "colonel", "capitaine": "capitaine", "commandant": "commandant",
    "president": "president", "presidente": "presidente",
}  # fmt: skip
VERB_NOUNS = {
    "preside": "president", "presidee": "president", "dirige": "directeur", "dirigee": "directeur", "fonde": "fondateur",
    "fondee": "fondateur", "entraine": "entraineur", "entrainee": "entraineur", "ecrit": "auteur", "realise": "realisateur",
    "mene": "leader", "menee": "leader", "emmene": "leader", "emmenee": "leader", "defend": "avocat",
    "represente": "representant", "defendu": "avocat", "defendue": "avocat", "anime": "animateur", "coordonne": "coordinateur",
}  # fmt: skip

# -- what nouns mean ---------------------------------------------------------------------------

#: Human nouns by sphere; « m/f » pairs, a bare word is used of both genders. Words of one sphere can
#: name one another: « l'élue » for a mayor, « la romancière » for a writer.
_SPHERES = {
    "politics": "maire mairesse edile bourgmestre depute/deputee eurodepute/eurodeputee senateur/senatrice "
    "conseiller/conseillere adjoint/adjointe elu/elue echevin/echevine parlementaire ministre president/presidente "
    "secretaire gouverneur/gouverneure premier/premiere chancelier/chanceliere candidat/candidate rapporteur/"
    "rapporteuse prefet/prefete opposant/opposante commissaire porte-parole mandataire syndic/syndique chef/cheffe "
    "dirigeant/dirigeante homme/femme leader politicien/politicienne socialiste ecologiste centriste liberal/liberale "
    "communiste conservateur/conservatrice republicain/republicaine delegue/deleguee mediateur/mediatrice "
    "negociateur/negociatrice ambassadeur/ambassadrice diplomate emissaire monarque souverain/souveraine tribun "
    "questeur/questrice locataire representant/representante vice-president/vice-presidente ex-ministre ex-president "
    "bourgmestre magistrat/magistrate fonctionnaire haut-fonctionnaire",
    "management": "patron/patronne pdg directeur/directrice president/presidente dirigeant/dirigeante chef/cheffe "
    "gerant/gerante responsable fondateur/fondatrice cofondateur/cofondatrice entrepreneur/entrepreneuse "
    "entrepreneur/entrepreneure industriel/industrielle administrateur/administratrice proprietaire milliardaire "
    "hotelier/hoteliere restaurateur/restauratrice commercant/commercante manager boss numero-un homme/femme "
    "courtier/courtiere banquier/banquiere armateur/armatrice actionnaire heritier/heritiere "
    "promoteur/promotrice investisseur/investisseuse gestionnaire editeur/editrice franchise/franchisee",
    "law": "avocat/avocate defenseur/defenseure juriste magistrat/magistrate juge procureur/procureure "
    "notaire penaliste batonnier/batonniere constitutionnaliste greffier/greffiere substitut jure/juree huissier "
    "temoin plaignant/plaignante accuse/accusee prevenu/prevenue suspect/suspecte victime prefet/prefete",
    "science": "chercheur/chercheuse scientifique biologiste climatologue hydrologue geologue historien/historienne "
    "economiste sociologue politologue universitaire professeur/professeure specialiste expert/experte physicien/"
    "physicienne chimiste astronome astrophysicien/astrophysicienne geographe demographe linguiste archeologue "
    "anthropologue ethnologue philosophe ingenieur/ingenieure enseignant-chercheur epidemiologiste virologue "
    "infectiologue ornithologue ecologue botaniste entomologiste oceanographe glaciologue meteorologue vulcanologue "
    "volcanologue sismologue statisticien/statisticienne mathematicien/mathematicienne informaticien/informaticienne "
    "doctorant/doctorante analyste directeur/directrice savant/savante psychologue theologien/theologienne "
    "politiste hydrogeologue agronome veterinaire toxicologue technicien/technicienne consultant/consultante",
    "health": "medecin docteur/docteure praticien/praticienne infirmier/infirmiere urgentiste chirurgien/chirurgienne "
    "pediatre psychiatre generaliste soignant/soignante aide-soignant/aide-soignante sage-femme pharmacien/pharmacienne "
    "cardiologue neurologue cancerologue patient/patiente kinesitherapeute legiste ambulancier/ambulanciere",
    "arts": "ecrivain/ecrivaine romancier/romanciere auteur/auteure auteur/autrice poete/poetesse essayiste artiste "
    "peintre sculpteur/sculptrice chanteur/chanteuse musicien/musicienne compositeur/compositrice pianiste violoniste "
    "acteur/actrice comedien/comedienne cineaste realisateur/realisatrice metteur producteur/productrice danseur/"
    "danseuse choregraphe dramaturge humoriste photographe dessinateur/dessinatrice bedeaste scenariste conservateur/"
    "conservatrice commissaire galeriste rappeur/rappeuse interprete plasticien/plasticienne couturier/couturiere "
    "styliste architecte conteur/conteuse libraire laureat/laureate chef/cheffe librettiste soprano tenor griot/griotte "
    "mecene createur/creatrice doubleur/doubleuse traducteur/traductrice illustrateur/illustratrice",
    "sport": "joueur/joueuse entraineur/entraineuse entraineur/entraineure champion/championne coureur/coureuse "
    "cycliste footballeur/footballeuse gardien/gardienne defenseur/defenseuse attaquant/attaquante milieu buteur/buteuse "
    "capitaine selectionneur/selectionneuse athlete nageur/nageuse skieur/skieuse boxeur/boxeuse pilote arbitre "
    "skipper navigateur/navigatrice sprinteur/sprinteuse judoka rugbyman/rugbywoman tennisman/tenniswoman meneur/meneuse "
    "coach technicien/technicienne international/internationale judokate medaille/medaillee marathonien/marathonienne "
    "handballeur/handballeuse basketteur/basketteuse pilier ailier/ailiere manager recordman/recordwoman numero "
    "olympien/olympienne grimpeur/grimpeuse alpiniste maillot talonneur dirigeant/dirigeante",
    "security": "policier/policiere commissaire gendarme officier/officiere colonel/colonelle general/generale "
    "capitaine commandant/commandante lieutenant/lieutenante sergent/sergente adjudant/adjudante major militaire "
    "soldat/soldate amiral/amirale pompier/pompiere marin enqueteur/enquetrice inspecteur/inspectrice brigadier/"
    "brigadiere garde surveillant/surveillante sauveteur/sauveteuse procureur/procureure grade veteran/veterane "
    "porte-parole vigile garde-cote capitaine secouriste combattant/combattante",
    "union": "syndicaliste delegue/deleguee secretaire militant/militante representant/representante responsable "
    "porte-parole activiste president/presidente benevole coordinateur/coordinatrice coordonnateur/coordonnatrice "
    "animateur/animatrice tresorier/tresoriere dirigeant/dirigeante membre organisateur/organisatrice cegetiste "
    "metallo ouvrier/ouvriere greviste meneur/meneuse elu/elue salarie/salariee employe/employee chef/cheffe "
    "fondateur/fondatrice cofondateur/cofondatrice ecologiste feministe opposant/opposante",
    "press": "journaliste editorialiste chroniqueur/chroniqueuse reporter correspondant/correspondante presentateur/"
    "presentatrice redacteur/redactrice animateur/animatrice blogueur/blogueuse polemiste photographe directeur/"
    "directrice patron/patronne confrere/consoeur",
    "faith": "eveque archeveque cardinal pape pretre cure abbe/abbesse pasteur/pasteure econome imam rabbin/rabbine moine religieux/"
    "religieuse prelat pontife souverain-pontife pere soeur aumonier diacre patriarche recteur grand-rabbin theologien/"
    "theologienne ecclesiastique",
    "land": "agriculteur/agricultrice eleveur/eleveuse paysan/paysanne viticulteur/viticultrice vigneron/vigneronne "
    "pecheur/pecheuse piroguier/piroguiere marin batelier/bateliere maraicher/maraichere exploitant/exploitante berger/bergere apiculteur/apicultrice fermier/fermiere "
    "cerealier/cerealiere ostreiculteur/ostreicultrice sylviculteur forestier/forestiere chasseur/chasseuse "
    "producteur/productrice mareyeur/mareyeuse arboriculteur/arboricultrice meunier/meuniere oleiculteur/oleicultrice "
    "horticulteur/horticultrice bucheron/bucheronne",
    "trade": "boulanger/boulangere artisan/artisane ouvrier/ouvriere chauffeur/chauffeuse conducteur/conductrice "
    "livreur/livreuse technicien/technicienne mecanicien/mecanicienne cuisinier/cuisiniere serveur/serveuse vendeur/"
    "vendeuse commercant/commercante coiffeur/coiffeuse menuisier/menuisiere charpentier/charpentiere tailleur "
    "imprimeur/imprimeuse docker sommelier/sommeliere boucher/bouchere epicier/epiciere libraire restaurateur/"
    "restauratrice patron/patronne cheminot/cheminote facteur/factrice pilote hotelier/hoteliere cordonnier "
    "horloger/horlogere luthier/luthiere potier/potiere mineur soudeur/soudeuse ebeniste tisserand/tisserande",
    "school": "chef/cheffe enseignant/enseignante instituteur/institutrice professeur/professeure proviseur/proviseure principal/"
    "principale recteur/rectrice etudiant/etudiante lyceen/lyceenne collegien/collegienne eleve ecolier/ecoliere "
    "directeur/directrice maitre/maitresse cpe pedagogue educateur/educatrice formateur/formatrice bachelier/bacheliere",
    "resident": "habitant/habitante riverain/riveraine voisin/voisine resident/residente locataire retraite/retraitee "
    "usager/usagere passager/passagere voyageur/voyageuse client/cliente consommateur/consommatrice internaute temoin "
    "automobiliste touriste manifestant/manifestante participant/participante spectateur/spectatrice supporter/"
    "supportrice villageois/villageoise citoyen/citoyenne hote/hotesse proprietaire sinistre/sinistree rescape/rescapee "
    "survivant/survivante concierge veuf/veuve",
    "age": "homme/femme garcon/fille adolescent/adolescente octogenaire septuagenaire sexagenaire quinquagenaire "
    "quadragenaire trentenaire nonagenaire centenaire jeune vieillard/vieille dame monsieur enfant gamin/gamine quidam "
    "vingtenaire retraite/retraitee aine/ainee cadet/cadette benjamin/benjamine doyen/doyenne jeunot",
    "family": "pere/mere fils/fille frere/soeur mari/femme epoux/epouse compagnon/compagne conjoint/conjointe oncle/tante "
    "neveu/niece cousin/cousine grand-pere/grand-mere beau-frere/belle-soeur beau-pere/belle-mere veuf/veuve parrain/"
    "marraine jumeau/jumelle aine/ainee cadet/cadette ami/amie parent/parente petit-fils/petite-fille",
    "any": "titulaire partenaire interesse/interessee auteur/auteure responsable representant/representante interlocuteur/interlocutrice "
    "source membre collaborateur/collaboratrice proche assistant/assistante successeur/successeuse predecesseur/"
    "predecesseure rival/rivale adversaire collegue camarade homologue confrere/consoeur quidam personnalite figure "
    "personne star vedette vis-a-vis numero",
}

#: Group and institution nouns by sphere, with their gender.
_GROUPS = {
    "company": "groupe:m entreprise:f societe:f compagnie:f firme:f start-up:f geant:m constructeur:m operateur:m "
    "fabricant:m industriel:m banque:f enseigne:f marque:f transporteur:m avionneur:m exploitant:m multinationale:f "
    "maison:f editeur:m plateforme:f fournisseur:m employeur:m distributeur:m concessionnaire:m consortium:m cabinet:m "
    "direction:f gestionnaire:m usine:f assureur:m energeticien:m laboratoire:m negociant:m logisticien:m brasseur:m hebergeur:m papetier:m promoteur:m holding:f filiale:f regie:f",
    "association": "association:f ong:f organisation:f collectif:m comite:m fondation:f federation:f ligue:f reseau:m "
    "mouvement:m club:m coalition:f coordination:f union:f organisme:m alliance:f plateforme:f confederation:f "
    "intersyndicale:f syndicat:m centrale:f ordre:m observatoire:m groupe:m front:m structure:f equipe:f",
    "union": "syndicat:m centrale:f confederation:f federation:f union:f intersyndicale:f organisation:f section:f "
    "coordination:f force:f",
    "party": "parti:m formation:f mouvement:m coalition:f alliance:f groupe:m opposition:f majorite:f rebellion:f "
    "rebelles:m front:m camp:m faction:f guerilla:f milice:f junte:f delegation:f bloc:m",
    "media": "quotidien:m journal:m hebdomadaire:m mensuel:m magazine:m site:m chaine:f radio:f agence:f titre:m "
    "redaction:f media:m station:f revue:f presse:f gazette:f television:f tabloid:m tabloide:m blog:m",
    "authority": "gouvernement:m ministere:m prefecture:f mairie:f municipalite:f ville:f commune:f region:f "
    "departement:m police:f gendarmerie:f parquet:m justice:f tribunal:m cour:f juridiction:f commission:f conseil:m "
    "agence:f autorite:f institution:f institut:m office:m armee:f pays:m etat:m exécutif:m executif:m assemblee:f "
    "parlement:m senat:m chambre:f rectorat:m academie:f cabinet:m diplomatie:f presidence:f administration:f "
    "ambassade:f consulat:m chancellerie:f royaume:m republique:f service:m direction:f organe:m "
    "instance:f eglise:f diocese:m universite:f hopital:m canton:m province:f capitale:f "
    "secretariat:m autorites:p pouvoirs:p services:p bureau:m",
    "document": "rapport:m communique:m sondage:m enquete:f etude:f texte:m document:m note:f lettre:f message:m "
    "tribune:f bulletin:m bilan:m audit:m livre:m article:m declaration:f petition:f resolution:f avis:m arrete:m "
    "decret:m projet:m barometre:m memo:m courriel:m mail:m tract:m instruction:f banderole:f affiche:f expertise:f "
    "statistiques:p chiffres:p resultats:p documents:p estimations:p donnees:p temoignages:p sources:p information:f "
    "informations:p accord:m jugement:m loi:f proces-verbal:m dossier:m decision:f panneau:m recherche:f analyse:f",
}


def _spheres() -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    spheres: dict[str, set[str]] = {}
    genders: dict[str, str] = {}
    for sphere, words in _SPHERES.items():
        for pair in words.split():
            forms = pair.split("/")
            for form, gender in zip(forms, "mf" if len(forms) == 2 else "-"):
                spheres.setdefault(form, set()).add(sphere)
                # A word met with two genders (« porte-parole », « capitaine ») tells none.
                genders[form] = gender if genders.get(form, gender) == gender else "-"
    return {w: frozenset(s) for w, s in spheres.items()}, {
        w: g.strip("-") for w, g in genders.items()
    }


def _groups() -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    spheres: dict[str, set[str]] = {}
    genders: dict[str, str] = {}
    for sphere, words in _GROUPS.items():
        for pair in words.split():
            word, gender = pair.split(":")
            spheres.setdefault(word, set()).add(sphere)
            genders[word] = gender
    return {w: frozenset(s) for w, s in spheres.items()}, genders


def _lemmas() -> dict[str, str]:
    pairs = (
        pair.split("/") for words in _SPHERES.values() for pair in words.split() if "/" in pair
    )
    return {feminine: masculine for masculine, feminine in pairs}


#: Feminine noun -> masculine one, so that « la directrice » meets « directeur ».
LEMMAS = _lemmas()

#: Human noun -> its spheres; and -> "m", "f" or "".
PEOPLE, PEOPLE_GENDER = _spheres()
#: Group noun -> its spheres; and -> "m", "f" or "p".
GROUPS, GROUP_GENDER = _groups()

#: Endings that make an unknown noun feminine.
FEMININE_ENDINGS = (
    "trice",
    "euse",
    "iere",
    "ienne",
    "ante",
    "ente",
    "esse",
    "ee",
    "elle",
    "aise",
    "oise",
    "onne",
    "ive",
)

#: Papers that speak for who issues them: « un communiqué de la CGT ».
ISSUED = word_set(
    "communique sondage enquete barometre bilan chiffres declaration information informations message revelation revelations tract"
)

#: Endings of unknown nouns that probably name a person, where a speaker is expected.
HUMAN_ENDINGS = (
    "trice",
    "euse",
    "iste",
    "logue",
    "ienne",
    "ien",
    "iere",
    "ier",
    "eur",
    "eure",
    "naire",
    "crate",
    "esse",
    "ard",
    "arde",
)

# -- first names -------------------------------------------------------------------------------

#: First names of both genders.
EPICENE = word_set(
    "dominique camille claude maxime alix sacha charlie lou andrea ange morgan yannick gwenael loic kim alex noa eden"
)

FEMALE = word_set(
    "adele adeline adriana agathe agnes aicha aida aissatou alexandra alice alicia aline alix alma amandine amelie amina "
    "aminata ana anais andrea andreea angela angele angelina angelique anissa anita anna anne annette annick annie anouk "
    "anouche antoinette ariane arlette armelle asma asta assia astou astrid audrey aurelia aurelie aurore awa axelle aya ayse "
    "barbara beatrice begona benedicte bernadette berthe bertille bianca blanca blandine brigitte bruna camelia camilla "
    "candice capucine carine carla carmen carole carolina caroline catalina catarina caterina catherine cecile cecilia "
    "celeste celia celine chantal charlene charlotte chiara chloe christel christelle christiane christina christine "
    "cindy clara claire clarisse clarissa claudette claudia claudine clelia clemence clementine clotilde colette colombe "
    "constance coralie corinne cornelia cristina cynthia daniela daniele danielle daphne deborah delphine denise diana "
    "diane dina dominika dora doris dorothee ebru edith edwige elena eleni eleonore eliane elif elisa elisabeth elise "
    "elizabeth ella elodie elsa elvira emeline emilie emily emma emmanuelle erika esma estelle esther eugenie eva evelyne "
    "fabienne fadila fanny fanta fantine farida fatiha fatima fatimata fatma fatou fatoumata faustine federica felicie "
    "fernande fiona fleur flora florence flore floriane francesca francine francoise frederica frederique gabriela "
    "gabriella gabrielle gaelle genevieve georgette georgia geraldine germaine ghita ghislaine gilberte gina ginette "
    "giovanna gisele giulia gloria grace greta gwenaelle gwendoline hadja hala halima hana hanane hanna hannah hawa "
    "heather heidi helena helene helga heloise henriette hermine hilary hillary hind honorine hortense houda huguette ida "
    "ilaria ilse ilze imane imene ines ingrid irena irene irina iris isabel isabella isabelle ivana jacline jacqueline "
    "jamila jana jane janet janine jasmine jeanne jeannette jeannine jelena jenna jennifer jessica joan joanna jocelyne "
    "joelle johanna josee josefina josephine josette josiane joyce juana judith julia juliana julie juliette justine "
    "kadia kadiatou kadidia karen karima karin karine karla kate katarina katarzyna kateryna katharina katherine kathleen "
    "katia katja kelly khadija khady kim kristen kristina laetitia laila lamia lara latifa laura laure laurence laurie "
    "lea leila leimara lena leonie leonor leonora leontine leslie leticia leyla lidia lila lili liliane lilia lina linda "
    "lindsay lisa lise liisa livia liz lola lorraine louisa louise lucia lucie lucienne lucile lucille lucy ludivine "
    "ludmila luisa lydia lydie lynda lyne madeleine maelle maelys magali magalie magdalena maggie maguy maite majlinda "
    "malika manon manuela marcelle margaret margarita margaux margot marguerite maria mariam mariama marianne marie "
    "marie-anne marie-christine marie-claire marie-claude marie-eve marie-france marie-helene marie-jo marie-jose "
    "marie-laure marie-line marie-louise marie-noelle marie-odile marie-paule marie-pierre marie-rose marie-therese "
    "mariette marija marilyn marina marine marion marisol marjorie marlene marlyse marta martha marthe martina martine "
    "mary maryam maryline maryse maryvonne mathilde maud maude mauricette maya meghan melanie melina melissa mercedes "
    "meryem meryl michaela michele micheline michelle mila milena mina mireille miriam moira mona monica monika monique "
    "muriel mylene myriam nabila nadege nadejda nadia nadine nafissatou naima najat nancy naomi natacha natalia natalie "
    "nathalie nawal ndeye nelly nicole nikki nina noelle noemie nolwenn nora noura nour nyandeng odette odile olga olivia "
    "ophelie oriane ornella oumou ourida pamela paola paqui pascale patricia paula paule paulette pauline penelope "
    "perrine petra philippine pierrette priscilla priscillia prune rachel rachida rachidatou rahma raissa ramatoulaye "
    "raquel rebecca regina regine reine renata rita roberta rokia romane rosa rosalie rosa-maria rose rose-aimee rose-marie roselyne "
    "rosemary rosine roxane ruth sabine sabrina safia salima salma salome samantha samia samira sandra sandrine sara "
    "sarah saskia segolene selma sephora severine sharon sheila shirley sibylle sidonie silvia simone sofia solange "
    "solene sonia sophia sophie soraya stella stephanie suzanne suzette svetlana swann sybille sylvaine sylvia sylviane "
    "sylvie tamara tania tatiana tatyana thais thea theresa therese tiphaine ursula valentina valentine valeria valerie "
    "vanessa vera veronica veronika veronique vesna victoire victoria viktoria violaine violeta violette virginie "
    "viviane wafa wendy wided wideline xenia yael aude ghizlane nirina mamitiana oumayma ons wassila naima samar rim rym ikram imen khouloud nesrine sihem souad zakia aminetou adja coumba astou bineta dieynaba seynabou rokhaya marieme nafi sokhna adjoa akua afua abena ama efua esi akosua nana aya ramata mariame kadija salimata assita djeneba sira sitan oumy binta fanta hadja kadidiatou ngozi chinwe adaeze wangari wanjiru nyambura akinyi thandiwe nomsa lindiwe zodwa tsitsi rutendo mutinta chipo tendai remedios marisol yesenia nubia ximena paola luz guadalupe rocio lourdes itziar ainhoa nerea leire amaia maite edurne arantxa begona nuria montserrat merce roser solveig ragnhild gunilla birgitta annika kaisa aija ilze inga dace vesna snezana ljiljana biljana gordana milica jovana dragana aigoul gulnara zarina dinara madina aissata nguyen-thi thi lan linh huong thuy mai hoa anh-thu sopheap bopha sreymom channary malee kanya ploy siti nurul dewi putri fatemeh maryam leyla shirin parisa nasrin laleh roya azadeh hind houria djamila malika yamina ouarda farah rania dalia mona maha hoda sawsan noha amal maissa antonia fernanda valeska fabiola graciela araceli fatouma fatimetou lalla zahia chahinaz lynn ann mary-ann joanne anne-laure anne-sophie anne-marie anne-claire bettina yamina yasmina yasmine yolande yveline yvette yvonne zahra zainab "
    "zeinab zelie zina zineb zoe zohra zsuzsa michal clementina bohumila hasmik almaz alevtina pilar dolores consuelo "
    "ingeborg sigrid solveig astri maren kirsten birgit anneke aoife siobhan niamh sinead agnieszka malgorzata ewa "
    "magda beata joanna zuzana lenka tereza yuki yoko akiko keiko mei ling xiu hui priya anjali indira sonja tuuli aino "
    "chantale guylaine josiane manouche nathaly rejeane lise-anne ginevra oksana yulia ioulia olena natalya ekaterina"
)
MALE = word_set(
    "aaron abdallah abdel abdelaziz abdelhamid abdelkader abdelkrim abdelmalek abderrahmane abdou abdoulaye abdul abdullah "
    "abel abraham achille achraf adam adama adel adil adolphe adrian adriano adrien ahmad ahmed aime alain alan albert "
    "alberto albin aldo alejandro aleksandr alessandro alex alexander alexandre alexei alexis alfonso alfred alfredo ali "
    "alioune alistair alpha alphonse amadou amar ambroise amine amir anatole andre andreas andrei andrew andrey andrzej "
    "andy ange angelo anibal anicet anthony antoine anton antonin antonio antony antonis aristide armand armando armel arnaud arnold "
    "arsene arthur artur aubin auguste augustin aurelien axel aymeric aziz babacar baptiste barack barnabe bart barthelemy "
    "basile bastien baudouin benedict benito benjamin benoit bernard bernardo bernie bertrand bilal bill bob boris boubacar "
    "boubakar brad brahim brandon brendan brian brice bruce bruno bryan calixte camille-auguste carl carlo carlos cedric celestin cesar "
    "charles charlie chris christian christophe christopher claudio claus clement clovis colin come conrad constant "
    "constantin corentin corrado craig cristian cristiano cyprien cyril cyrille dai damien dan daniel danny dario david "
    "davide denis dennis deng denys deogratias derek desire dick didier diego dieudonne dimitri dirk dmitri dmitry domenico donald "
    "donatien douglas driss ebenezer ed eddy edgar edmond edouard eduardo edward edwin edwy efrain el-hadj elias elie eliott "
    "elliot emile emilio emir emmanuel enrico enrique enzo eric erich erik ernest ernesto ernst erwan erwann etienne eugene "
    "evariste ezechiel fabian fabien fabio fabrice faisal farid fathi faustin felicien felipe felix ferdinand fernand fernando "
    "fidel filip firmin flavien flavio florent florentin florian fouad francesco francis francisco franck franco francois "
    "francois-xavier frank frans franz fred frederic frederick fulbert fulgence gabin gabriel gael gaetan garry gary gaspard gaston "
    "gautier gaylord geoffrey geoffroy george georges georgios gerald gerard gerardo gerhard germain gervais ghassan ghislain "
    "giacomo gianluca gianni gilbert gilles giorgio giovanni giuseppe goran gordon graham greg gregoire gregory grigore grigori guido "
    "guillaume guillermo gunther gurpreet gustav gustave guy gwenael habib hakim hamadi hamed hamid hamza hans harald harold "
    "harouna harris harry hasan hassan hector helmut hendrik henri henrik henry herbert hermann herve hicham hilaire hippolyte "
    "honore horacio hosni howard hubert hugo hugues hussein ian ibrahim ibrahima idriss idrissa igor ilan ilias ilyas ilya imad "
    "imran innocent ioan ion isaac ismael ismail issa issam issouf istvan ivan ivo jaap jack jacob jacques jakob jakub jalal jamal james jamie "
    "jan jared jason javier jean jean-baptiste jean-bernard jean-charles jean-christophe jean-claude jean-daniel jean-david "
    "jean-francois jean-guy jean-jacques jean-loup jean-louis jean-luc jean-marc jean-marie jean-michel jean-noel jean-paul "
    "jean-philippe jean-pierre jean-rene jean-sebastien jean-yves jeff jens jeremie jeremy jerome jerry jesus jim jimmy "
    "joachim joan-pere joao joaquim joaquin joe joel johan johann johannes john johnny jon jonas jonathan jordan jordi jorge jose joseph "
    "josh joshua josselin juan jules julian julien julio julius juraj justin kader kais kamal kamel karim karl kaspar keith kemal ken kenneth "
    "kevin khaled khalid khalil killian klaus koffi kofi konstantin konstantinos kossi kostas kouame kouassi krzysztof kurt kwame "
    "kyle laid lamine lambert lance lars laszlo laurent lazare leandro lech lee leo leon leonard leonardo leonid leopold "
    "lewis liam lionel lluis loic loick lorenzo louis luc luca lucas lucien ludovic luigi luis lukas luke maarten mads mael magnus mahmoud "
    "malcolm malek malick malik mamadou manfred manuel marc marc-andre marc-antoine marcel marcello marcelo marcin marco marcos "
    "marek mario marius mark marko markus martial martin massimo mateusz mathias mathieu mathis mats matteo matthew matthias "
    "matthieu maurice maurizio max maxence maxime maximilien mehdi mehmet melchior michael michel miguel mihai mikael mike mikhail "
    "miklos milan milos mitch modeste modou moez mohamed mohammad mohammed moise momar mory mouhamadou mouloud mourad mousa moussa moustapha mustafa "
    "mustapha nabil nadir narcisse nathan nathanael neil nelson nestor nicholas nick nicolas niels nigel nikita nikola nikolai nikos nils "
    "noah noel noe norbert norman octave olaf oleg olivier omar oscar oskar osman otto oumar ousmane owen pablo paddy paolo "
    "pascal patrice patrick paul paulo pavel pawel pedro peer per peter petr petro petros phil philip philippe philippe-andre pierre pierre-alain "
    "pierre-henri pierre-louis pierre-yves piet pieter pietro piotr placide prosper quentin rachid radek radu rafael rahim ralph "
    "ramon ramzan raoul raphael rashid raul ray raymond recep regis remi remy renald renaud rene reynald ricardo riccardo "
    "richard richie rick rob robert roberto robin robinson rodney rodolphe rodrigo rodrigue roger roland rolf romain roman romaric rosaire ron ronald rory "
    "ross roy ruben rudolf rudy rui russell ryan saad said salah salem salif salim salman salvador salvatore sam sami "
    "samir samuel samy sandro sanjay sebastian sebastien sekou serge sergei sergey sergio serguei seydou shane shinzo sidi sidney silvain "
    "silvio simon slimane slobodan sofiane souleymane sok sory stan stanislas stanislav stefan stefano stephan stephane stephen steve "
    "steven stuart sven sylvain sylvestre sylvere tadeusz tahar tarek tariq ted teddy thaddee theo theodore theophile thibaud thibault thibaut thierry thomas tiago tidiane "
    "tiago tim timothee timothy tino titouan tobias todd tom tomas tomasz tommy toni tony toussaint tristan ugo ulrich urbain urs "
    "valentin valere valery vasco vasile victor vidar viktor vincent vincenzo virgile vital vitali vivien vlad vladimir volker volodymyr "
    "wade wael walid walter warren wenceslas werner wilfried wilfrid willem william willy wilson winston wissem wladimir wolfgang xavier "
    "yacine yahya yan yann yannick yannis yasser yassine yohan yohann youcef younes youri youssef youssouf yuri yusuf yvan yves yvon zacharie "
    "zakaria zbigniew zoltan yann-ber wojciech stavros vahan armen tigran hakan murat emre kenji hiroshi takeshi jin wei cao "
    "benedikt anselme hamidou filmon ousseni salifou issaka boureima souleymane seidou lassina drissa siaka zoumana bakary yaya modibo bourama madou sidiki moriba tieman lansana alhassane aboubacar ousman pape papa mbaye serigne cheikh ablaye alassane ousseynou assane malal demba samba birame abdoul-aziz kwaku kojo kwabena yaw kweku chinedu emeka obinna tunde segun babatunde femi wale chukwuma kamau mwangi otieno ochieng njoroge juma hamisi thabo sipho themba tafadzwa danilo vartan jean-bosco dieudonne isaie rayan nejib lotfi hatem riadh slim wissem hichem anis nidhal ridha bechir taoufik abdelilah abdellatif abdeslam larbi lahcen houcine mbarek nacer nasser djamel mokhtar messaoud rabah lakhdar tayeb bachir azzedine nouredine noureddine charaf hussain mahdi jassim jaber majid reza ali-reza hossein mohsen javad behrouz dariush wenceslao efren fermin eusebio anselmo gonzalo rodrigo alvaro alonso nicanor aurelio evaristo bounthavy khamphone somsak somchai prasit thanh nguyen minh duc tuan hung quang bao hieu khanh huy sokha vannak rithy samnang vuthy arvids janis karlis andris juris romed gorazd lefteris spyros nejat rimantas vytautas mindaugas algirdas giedrius joacim lennart gunnar sigurd einar leif torbjorn bjorn arne halvor sverre ib mogens jorgen adriaan joost wim kees ruud ognian boyan plamen stoyan ventsislav radoslav zdravko fikret selim kerem orhan tuncay yilmaz narek gagik vardan levon hrant ruslan timur nursultan askar daniyar bekzat zhen ming hao jun lei tao gang kyung-ho min-jun seo-jun ji-hoon sung-min jae yoon narendra rajiv arjun elon goran dragan zoran miroslav ladislav vaclav jaroslav taras bogdan ognjen hrvoje jacky johny"
)
