# Ce que l'appelant apprend, en français. Une entrée par motif ; un attribut le dit avec un détail.
# Une phrase ne contient jamais une valeur envoyée par l'appelant.

## La requête entière.

VALIDATION_FAILED = La requête n'est pas valide.
    .violationCount = { $violationCount ->
        [one] La requête enfreint une règle.
       *[other] La requête enfreint { $violationCount } règles.
    }
MESSAGE_MALFORMED = Les octets reçus ne forment pas une requête de cette méthode.
MESSAGE_TOO_LARGE = Le message est plus grand que ce que le serveur accepte.
METHOD_UNKNOWN = Le serveur n'a pas cette méthode ou ce service.
FEATURE_UNAVAILABLE = Cette version du service n'offre pas ce que la requête demande.
PAGE_TOKEN_INVALID = Le jeton de page est abîmé, expiré, ou vient d'une autre liste.
RESUME_TOKEN_EXPIRED = Le jeton de reprise précède le plus ancien événement conservé.
REQUEST_ID_REUSED = Ce request_id a déjà servi à une autre requête.

## Qui appelle.

CREDENTIALS_MISSING = L'appel n'est accompagné d'aucune clé.
CREDENTIALS_INVALID = La clé n'est pas valide.
CREDENTIALS_EXPIRED = La clé a expiré.
AUTH_SCHEME_UNSUPPORTED = L'en-tête authorization doit utiliser le schéma Bearer.
LOGIN_FAILED = La connexion a été refusée.
SESSION_INVALID = La session n'est pas valide.

## Ce que l'appelant peut faire.

PERMISSION_MISSING = Il manque une permission à l'appelant.
    .permission = Il manque à l'appelant la permission { $permission }.
REGISTRATION_CLOSED = L'inscription est fermée.
CALLING_APP_MISMATCH = L'étiquette x-calling-app est absente ou n'est pas une de celles de l'application.

## Ce qui n'existe pas.

ACCOUNT_NOT_FOUND = Ce compte n'existe pas.
TENANT_NOT_FOUND = Ce locataire n'existe pas.
REALM_NOT_FOUND = Cet annuaire n'existe pas.
CONTRACT_NOT_FOUND = Ce contrat n'existe pas.
APPLICATION_NOT_FOUND = Cette application ou cette clé n'existe pas.
VERIFICATION_NOT_FOUND = Cette vérification n'existe pas.
TEMPLATE_NOT_FOUND = Ce modèle n'existe pas.

## Ce qui est pris.

EMAIL_ALREADY_EXISTS = L'adresse électronique appartient à un autre compte.
USER_NAME_ALREADY_EXISTS = Le nom d'utilisateur appartient à un autre compte.
PHONE_ALREADY_EXISTS = Le numéro de téléphone appartient à un autre compte.
PHONE_HELD_BY_INACTIVE_ACCOUNT = Le numéro de téléphone appartient à un compte désactivé ou supprimé.
EXTERNAL_KEY_ALREADY_EXISTS = La clé externe appartient à un autre compte.
ATTRIBUTE_ALREADY_EXISTS = La valeur de l'attribut appartient à un autre compte.
PORTAL_NAME_ALREADY_EXISTS = Le nom du portail est pris.
MULTIPLE_IDENTIFIERS_EXIST = Plusieurs identifiants de la requête appartiennent à d'autres comptes.
NAME_ALREADY_EXISTS = Le nom est pris.

## Combien et à quelle fréquence.

RESOURCE_QUOTA_EXCEEDED = Le quota est épuisé.
    .limit = Le quota de { $limit } est épuisé.
RATE_LIMIT_EXCEEDED = Il y a eu trop de tentatives en peu de temps.
HASH_CAPACITY_EXCEEDED = Le mot de passe ne peut pas être haché à temps ; réessayez plus tard.

## Ce qu'un état ne permet pas.

ACCOUNT_NOT_VERIFIED = Le compte doit d'abord être vérifié.
ACCOUNT_LOCKED = Le compte est verrouillé.
ACCOUNT_DISABLED = Le compte est désactivé.
ACCOUNT_DELETED = Le compte est supprimé.
PASSWORD_CHANGE_REQUIRED = Le mot de passe doit d'abord être changé.
CONSENT_REQUIRED = Un document doit d'abord être accepté.
INVALID_STATE_TRANSITION = L'état actuel ne permet pas ce changement.
TENANT_NOT_ACTIVE = Le locataire n'est pas actif.
TENANT_NOT_EMPTY = Le locataire contient encore quelque chose qui doit d'abord disparaître.
RESOURCE_IN_USE = Quelque chose dépend de cette ressource.
REALM_UNAVAILABLE = L'annuaire est désactivé ou n'a pas de personnes à lui.
TEMPLATE_MISSING = Il n'y a pas de modèle pour le message qui serait envoyé.
URL_CONFIGURATION_INVALID = Il n'y a pas de base pour les liens du message qui serait envoyé.

## Preuves.

CAPTCHA_REQUIRED = Un captcha est exigé.
CAPTCHA_INVALID = Le captcha n'a pas été résolu.
VERIFICATION_TOKEN_INVALID = Le jeton ou le code de vérification est faux.
VERIFICATION_TOKEN_EXPIRED = Le jeton ou le code de vérification a expiré.
VERIFICATION_TOKEN_USED = Le jeton ou le code de vérification a déjà servi.
VERIFICATION_TOKEN_SUPERSEDED = Une autre vérification a pris sa place.

## Ce qui s'est mal passé entre-temps.

ETAG_MISMATCH = La ressource a changé entre-temps ; relisez-la.
TRANSACTION_CONFLICT = D'autres changements ont fait obstacle ; réessayez.
SERVICE_OVERLOADED = Le service est surchargé et n'a pas commencé le travail ; réessayez plus tard.
SERVICE_DRAINING = Le service s'arrête ; réessayez.
DEPENDENCY_UNAVAILABLE = Ce dont le service dépend n'est pas joignable ; réessayez avec le même request_id.
REQUEST_DEADLINE_EXCEEDED = Le délai de l'appel est dépassé.
TENANT_PROVISIONING_FAILED = Le portail n'a pas pu être enregistré ; rien n'a été changé.
INTERNAL_ERROR = Une erreur s'est produite dans le service.

## Un champ.

FIELD_REQUIRED = Ce champ est obligatoire.
FIELD_FORBIDDEN = Ce champ ne doit pas être donné ici.
FIELD_INVALID = Ce champ n'est pas valide.
    .differsFrom = Ce champ doit différer de { $differsFrom }.
    .type = Ce champ doit être de type { $type }.
FIELD_TOO_SHORT = Ce champ est trop court.
    .minLength = Ce champ est trop court : le minimum est { $minLength }.
FIELD_TOO_LONG = Ce champ est trop long.
    .maxLength = Ce champ est trop long : le maximum est { $maxLength }.
FIELD_IMMUTABLE = Ce champ ne peut plus être changé.
FIELD_UNKNOWN = Ce champ n'est pas connu.
EMAIL_INVALID = Ce n'est pas une adresse électronique.
EMAIL_DOMAIN_NOT_ALLOWED = Les adresses électroniques de ce domaine ne sont pas admises.
PHONE_INVALID = Ce n'est pas un numéro de téléphone.
USER_NAME_INVALID = Ceci ne peut pas être un nom d'utilisateur.
LANGUAGE_UNSUPPORTED = Cette langue n'est pas proposée.
TIME_ZONE_INVALID = Ce n'est pas un fuseau horaire.
URL_NOT_ALLOWED = Cette URL n'est pas une de celles que l'application a enregistrées.
PORTAL_NAME_INVALID_CHARACTERS = Un nom de portail n'a que des lettres, des chiffres et des tirets intérieurs.
PORTAL_NAME_TOO_SHORT = Le nom du portail est trop court.
    .minLength = Le nom du portail doit compter au moins { $minLength } caractères.
PORTAL_NAME_TOO_LONG = Le nom du portail est trop long.
    .maxLength = Le nom du portail peut compter au plus { $maxLength } caractères.
PORTAL_NAME_RESERVED = Ce nom de portail est réservé.
PASSWORD_TOO_SHORT = Le mot de passe est trop court.
    .minLength = Le mot de passe doit compter au moins { $minLength } caractères.
PASSWORD_TOO_LONG = Le mot de passe est trop long.
    .maxLength = Le mot de passe est trop long : le maximum est { $maxLength }.
PASSWORD_CHARACTER_CLASS_MISSING = Il manque une sorte de caractère au mot de passe.
    .characterClass = { $characterClass ->
        [lower] Le mot de passe doit contenir une lettre minuscule.
        [upper] Le mot de passe doit contenir une lettre majuscule.
        [digit] Le mot de passe doit contenir un chiffre.
        [symbol] Le mot de passe doit contenir un caractère spécial.
       *[other] Il manque une sorte de caractère au mot de passe.
    }
PASSWORD_TOO_WEAK = Le mot de passe est trop facile à deviner.
PASSWORD_BREACHED = Le mot de passe figure sur une liste de mots de passe connus.
PASSWORD_CONTAINS_IDENTIFIER = Le mot de passe contient le nom ou l'adresse de son compte.
PASSWORD_CONFIRMATION_MISMATCH = La confirmation n'est pas le mot de passe.
PASSWORD_HASH_UNSUPPORTED = L'empreinte du mot de passe est d'un format inconnu ou d'un coût excessif.
