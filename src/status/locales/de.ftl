# Was der Aufrufer erfährt, auf Deutsch. Ein Eintrag je Grund; ein Attribut sagt es mit einer Einzelheit.
# Ein Satz enthält nie einen Wert, den der Aufrufer gesendet hat.

## Die ganze Anfrage.

VALIDATION_FAILED = Die Anfrage ist nicht gültig.
    .violationCount = { $violationCount ->
        [one] Die Anfrage verletzt eine Regel.
       *[other] Die Anfrage verletzt { $violationCount } Regeln.
    }
MESSAGE_MALFORMED = Die Bytes sind keine Anfrage dieser Methode.
MESSAGE_TOO_LARGE = Die Nachricht ist größer, als der Server annimmt.
METHOD_UNKNOWN = Der Server hat keine solche Methode und keinen solchen Dienst.
FEATURE_UNAVAILABLE = Diese Version des Dienstes bietet nicht an, was die Anfrage verlangt.
PAGE_TOKEN_INVALID = Die Seitenmarke ist beschädigt, abgelaufen oder gehört zu einer anderen Liste.
RESUME_TOKEN_EXPIRED = Die Wiederaufnahmemarke liegt vor dem ältesten Ereignis, das noch da ist.
REQUEST_ID_REUSED = Diese request_id wurde schon für eine andere Anfrage benutzt.

## Wer aufruft.

CREDENTIALS_MISSING = Der Aufruf brachte keinen Schlüssel mit.
CREDENTIALS_INVALID = Der Schlüssel ist nicht gültig.
CREDENTIALS_EXPIRED = Der Schlüssel ist abgelaufen.
AUTH_SCHEME_UNSUPPORTED = Der Header authorization muss das Schema Bearer benutzen.
LOGIN_FAILED = Die Anmeldung wurde abgewiesen.
SESSION_INVALID = Die Sitzung ist nicht gültig.

## Was der Aufrufer darf.

PERMISSION_MISSING = Dem Aufrufer fehlt eine Berechtigung.
    .permission = Dem Aufrufer fehlt die Berechtigung { $permission }.
REGISTRATION_CLOSED = Die Registrierung ist geschlossen.
CALLING_APP_MISMATCH = Die Angabe x-calling-app fehlt oder gehört nicht zur Anwendung.

## Was nicht da ist.

ACCOUNT_NOT_FOUND = Dieses Konto gibt es nicht.
TENANT_NOT_FOUND = Diesen Mandanten gibt es nicht.
REALM_NOT_FOUND = Diesen Bereich gibt es nicht.
CONTRACT_NOT_FOUND = Diesen Vertrag gibt es nicht.
APPLICATION_NOT_FOUND = Diese Anwendung oder diesen Schlüssel gibt es nicht.
VERIFICATION_NOT_FOUND = Diese Bestätigung gibt es nicht.
TEMPLATE_NOT_FOUND = Diese Vorlage gibt es nicht.

## Was vergeben ist.

EMAIL_ALREADY_EXISTS = Die E-Mail-Adresse gehört zu einem anderen Konto.
USER_NAME_ALREADY_EXISTS = Der Benutzername gehört zu einem anderen Konto.
PHONE_ALREADY_EXISTS = Die Telefonnummer gehört zu einem anderen Konto.
PHONE_HELD_BY_INACTIVE_ACCOUNT = Die Telefonnummer gehört zu einem gesperrten oder gelöschten Konto.
EXTERNAL_KEY_ALREADY_EXISTS = Der externe Schlüssel gehört zu einem anderen Konto.
ATTRIBUTE_ALREADY_EXISTS = Der Wert des Attributs gehört zu einem anderen Konto.
PORTAL_NAME_ALREADY_EXISTS = Der Portalname ist vergeben.
MULTIPLE_IDENTIFIERS_EXIST = Mehrere Kennungen der Anfrage gehören zu anderen Konten.
NAME_ALREADY_EXISTS = Der Name ist vergeben.

## Wie viel und wie oft.

RESOURCE_QUOTA_EXCEEDED = Das Kontingent ist ausgeschöpft.
    .limit = Das Kontingent von { $limit } ist ausgeschöpft.
RATE_LIMIT_EXCEEDED = Es gab zu viele Versuche in kurzer Zeit.
HASH_CAPACITY_EXCEEDED = Das Passwort kann nicht rechtzeitig gehasht werden; versuchen Sie es später noch einmal.

## Was ein Zustand nicht erlaubt.

ACCOUNT_NOT_VERIFIED = Das Konto muss zuerst bestätigt werden.
ACCOUNT_LOCKED = Das Konto ist vorübergehend gesperrt.
ACCOUNT_DISABLED = Das Konto ist gesperrt.
ACCOUNT_DELETED = Das Konto ist gelöscht.
PASSWORD_CHANGE_REQUIRED = Das Passwort muss zuerst geändert werden.
CONSENT_REQUIRED = Ein Dokument muss zuerst angenommen werden.
INVALID_STATE_TRANSITION = Der jetzige Zustand erlaubt diese Änderung nicht.
TENANT_NOT_ACTIVE = Der Mandant ist nicht aktiv.
TENANT_NOT_EMPTY = Der Mandant enthält noch etwas, das zuerst weg muss.
RESOURCE_IN_USE = Etwas hängt von der Ressource ab.
REALM_UNAVAILABLE = Der Bereich ist abgeschaltet oder führt keine eigenen Personen.
TEMPLATE_MISSING = Es gibt keine Vorlage für die Mail, die gesendet würde.
URL_CONFIGURATION_INVALID = Es gibt keine Basis für die Links der Mail, die gesendet würde.

## Nachweise.

CAPTCHA_REQUIRED = Ein Captcha ist nötig.
CAPTCHA_INVALID = Das Captcha wurde nicht gelöst.
VERIFICATION_TOKEN_INVALID = Das Bestätigungszeichen oder der Code ist falsch.
VERIFICATION_TOKEN_EXPIRED = Das Bestätigungszeichen oder der Code ist abgelaufen.
VERIFICATION_TOKEN_USED = Das Bestätigungszeichen oder der Code wurde schon benutzt.
VERIFICATION_TOKEN_SUPERSEDED = Eine andere Bestätigung ist an ihre Stelle getreten.

## Was inzwischen schiefging.

ETAG_MISMATCH = Die Ressource wurde inzwischen geändert; lesen Sie sie neu.
TRANSACTION_CONFLICT = Andere Änderungen standen im Weg; versuchen Sie es noch einmal.
SERVICE_OVERLOADED = Der Dienst ist überlastet und hat die Arbeit nicht begonnen; versuchen Sie es später noch einmal.
SERVICE_DRAINING = Der Dienst fährt herunter; versuchen Sie es noch einmal.
DEPENDENCY_UNAVAILABLE = Etwas, wovon der Dienst abhängt, ist nicht erreichbar; versuchen Sie es mit derselben request_id noch einmal.
REQUEST_DEADLINE_EXCEEDED = Die Frist des Aufrufs ist abgelaufen.
TENANT_PROVISIONING_FAILED = Das Portal konnte nicht registriert werden; nichts wurde geändert.
INTERNAL_ERROR = Im Dienst ist etwas fehlgeschlagen.

## Ein Feld.

FIELD_REQUIRED = Diese Angabe ist nötig.
FIELD_FORBIDDEN = Diese Angabe darf hier nicht stehen.
FIELD_INVALID = Diese Angabe ist nicht gültig.
    .differsFrom = Diese Angabe muss sich von { $differsFrom } unterscheiden.
    .type = Diese Angabe muss vom Typ { $type } sein.
FIELD_TOO_SHORT = Diese Angabe ist zu kurz.
    .minLength = Diese Angabe ist zu kurz: das Mindeste ist { $minLength }.
FIELD_TOO_LONG = Diese Angabe ist zu lang.
    .maxLength = Diese Angabe ist zu lang: das Höchste ist { $maxLength }.
FIELD_IMMUTABLE = Diese Angabe kann nicht mehr geändert werden.
FIELD_UNKNOWN = Diese Angabe ist nicht bekannt.
EMAIL_INVALID = Das ist keine E-Mail-Adresse.
EMAIL_DOMAIN_NOT_ALLOWED = E-Mail-Adressen dieser Domain sind nicht zugelassen.
PHONE_INVALID = Das ist keine Telefonnummer.
USER_NAME_INVALID = Das kann kein Benutzername sein.
LANGUAGE_UNSUPPORTED = Diese Sprache wird nicht angeboten.
TIME_ZONE_INVALID = Das ist keine Zeitzone.
URL_NOT_ALLOWED = Diese URL gehört nicht zu denen, die die Anwendung angemeldet hat.
PORTAL_NAME_INVALID_CHARACTERS = Ein Portalname hat nur Buchstaben, Ziffern und innere Bindestriche.
PORTAL_NAME_TOO_SHORT = Der Portalname ist zu kurz.
    .minLength = Der Portalname muss mindestens { $minLength } Zeichen haben.
PORTAL_NAME_TOO_LONG = Der Portalname ist zu lang.
    .maxLength = Der Portalname darf höchstens { $maxLength } Zeichen haben.
PORTAL_NAME_RESERVED = Dieser Portalname ist reserviert.
PASSWORD_TOO_SHORT = Das Passwort ist zu kurz.
    .minLength = Das Passwort muss mindestens { $minLength } Zeichen haben.
PASSWORD_TOO_LONG = Das Passwort ist zu lang.
    .maxLength = Das Passwort ist zu lang: das Höchste ist { $maxLength }.
PASSWORD_CHARACTER_CLASS_MISSING = Dem Passwort fehlt eine Art von Zeichen.
    .characterClass = { $characterClass ->
        [lower] Das Passwort braucht einen Kleinbuchstaben.
        [upper] Das Passwort braucht einen Großbuchstaben.
        [digit] Das Passwort braucht eine Ziffer.
        [symbol] Das Passwort braucht ein Sonderzeichen.
       *[other] Dem Passwort fehlt eine Art von Zeichen.
    }
PASSWORD_TOO_WEAK = Das Passwort ist zu leicht zu erraten.
PASSWORD_BREACHED = Das Passwort steht auf einer Liste bekannter Passwörter.
PASSWORD_CONTAINS_IDENTIFIER = Das Passwort enthält den Namen oder die Adresse seines Kontos.
PASSWORD_CONFIRMATION_MISMATCH = Die Bestätigung ist nicht das Passwort.
PASSWORD_HASH_UNSUPPORTED = Der Passwort-Hash hat ein unbekanntes Format oder ist zu aufwendig.
