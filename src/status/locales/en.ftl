# What a caller is told, in English. One entry a reason of `ErrorReason` and a field reason; an attribute says it with a detail.
# A sentence never holds a value that the caller sent.

## The request as a whole.

VALIDATION_FAILED = The request is not valid.
    .violationCount = { $violationCount ->
        [one] The request breaks one rule.
       *[other] The request breaks { $violationCount } rules.
    }
MESSAGE_MALFORMED = The bytes are not a message of this method's request type.
MESSAGE_TOO_LARGE = The message is larger than the server takes.
METHOD_UNKNOWN = The server has no such method or service.
FEATURE_UNAVAILABLE = This version of the service does not offer what the request asks for.
PAGE_TOKEN_INVALID = The page token is damaged, expired, or was made for another list.
RESUME_TOKEN_EXPIRED = The resume token points before the oldest event that is still kept.
REQUEST_ID_REUSED = The request_id was used before for another request.

## Who calls.

CREDENTIALS_MISSING = The call brought no credential.
CREDENTIALS_INVALID = The credential is not valid.
CREDENTIALS_EXPIRED = The credential has expired.
AUTH_SCHEME_UNSUPPORTED = The authorization header must use the scheme Bearer.
LOGIN_FAILED = The login was refused.
SESSION_INVALID = The session is not valid.

## What the caller may do.

PERMISSION_MISSING = The caller lacks a permission.
    .permission = The caller lacks the permission { $permission }.
REGISTRATION_CLOSED = Registration is closed in this realm.
CALLING_APP_MISMATCH = The label in x-calling-app is absent or not one of the application's.

## What is not there.

ACCOUNT_NOT_FOUND = There is no such account.
TENANT_NOT_FOUND = There is no such tenant.
REALM_NOT_FOUND = There is no such realm.
CONTRACT_NOT_FOUND = There is no such contract.
APPLICATION_NOT_FOUND = There is no such application or key.
VERIFICATION_NOT_FOUND = There is no such verification.
TEMPLATE_NOT_FOUND = There is no such template.

## What is taken.

EMAIL_ALREADY_EXISTS = The e-mail address belongs to another account.
USER_NAME_ALREADY_EXISTS = The user name belongs to another account.
PHONE_ALREADY_EXISTS = The phone number belongs to another account.
PHONE_HELD_BY_INACTIVE_ACCOUNT = The phone number belongs to an account that is disabled or deleted.
EXTERNAL_KEY_ALREADY_EXISTS = The external key belongs to another account.
ATTRIBUTE_ALREADY_EXISTS = The value of the attribute belongs to another account.
PORTAL_NAME_ALREADY_EXISTS = The portal name is taken.
MULTIPLE_IDENTIFIERS_EXIST = Several identifiers of the request belong to other accounts.
NAME_ALREADY_EXISTS = The name is taken.

## How much and how often.

RESOURCE_QUOTA_EXCEEDED = The quota is used up.
    .limit = The quota of { $limit } is used up.
RATE_LIMIT_EXCEEDED = There were too many attempts in a short time.
HASH_CAPACITY_EXCEEDED = The password cannot be hashed in time; try again later.

## What a state does not allow.

ACCOUNT_NOT_VERIFIED = The account must be verified first.
ACCOUNT_LOCKED = The account is locked.
ACCOUNT_DISABLED = The account is disabled.
ACCOUNT_DELETED = The account is deleted.
PASSWORD_CHANGE_REQUIRED = The password must be changed first.
CONSENT_REQUIRED = A document must be accepted first.
INVALID_STATE_TRANSITION = The present state does not allow this change.
TENANT_NOT_ACTIVE = The tenant is not active.
TENANT_NOT_EMPTY = The tenant still holds something that must go first.
RESOURCE_IN_USE = Something depends on the resource.
REALM_UNAVAILABLE = The realm is disabled or keeps no people of its own.
TEMPLATE_MISSING = There is no template for the mail that would be sent.
URL_CONFIGURATION_INVALID = There is no base for the links of the mail that would be sent.

## Proofs.

CAPTCHA_REQUIRED = A captcha is required.
CAPTCHA_INVALID = The captcha was not solved.
VERIFICATION_TOKEN_INVALID = The verification token or code is wrong.
VERIFICATION_TOKEN_EXPIRED = The verification token or code has expired.
VERIFICATION_TOKEN_USED = The verification token or code was used before.
VERIFICATION_TOKEN_SUPERSEDED = Another verification has taken its place.

## What went wrong meanwhile.

ETAG_MISMATCH = The resource was changed meanwhile; read it again.
TRANSACTION_CONFLICT = Other changes stood in the way; try again.
SERVICE_OVERLOADED = The service is overloaded and did not begin the work; try again later.
SERVICE_DRAINING = The service is shutting down; try again.
DEPENDENCY_UNAVAILABLE = Something that the service depends on is not reachable; try again with the same request_id.
REQUEST_DEADLINE_EXCEEDED = The deadline of the call has passed.
TENANT_PROVISIONING_FAILED = The portal could not be registered; nothing was changed.
INTERNAL_ERROR = Something failed inside the service.

## One field.

FIELD_REQUIRED = This must be given.
FIELD_FORBIDDEN = This must not be given here.
FIELD_INVALID = This is not valid.
    .differsFrom = This must differ from { $differsFrom }.
    .type = This must be of the type { $type }.
FIELD_TOO_SHORT = This is too short.
    .minLength = This is too short: the least is { $minLength }.
FIELD_TOO_LONG = This is too long.
    .maxLength = This is too long: the most is { $maxLength }.
FIELD_IMMUTABLE = This cannot be changed any more.
FIELD_UNKNOWN = This is not known.
EMAIL_INVALID = This is not an e-mail address.
EMAIL_DOMAIN_NOT_ALLOWED = E-mail addresses of this domain are not admitted.
PHONE_INVALID = This is not a phone number.
USER_NAME_INVALID = This cannot be a user name.
LANGUAGE_UNSUPPORTED = This language is not offered.
TIME_ZONE_INVALID = This is not a time zone.
URL_NOT_ALLOWED = This URL is not one that the application has registered.
PORTAL_NAME_INVALID_CHARACTERS = A portal name has letters, digits and inner hyphens only.
PORTAL_NAME_TOO_SHORT = The portal name is too short.
    .minLength = The portal name must have at least { $minLength } characters.
PORTAL_NAME_TOO_LONG = The portal name is too long.
    .maxLength = The portal name may have at most { $maxLength } characters.
PORTAL_NAME_RESERVED = This portal name is reserved.
PASSWORD_TOO_SHORT = The password is too short.
    .minLength = The password must have at least { $minLength } characters.
PASSWORD_TOO_LONG = The password is too long.
    .maxLength = The password is too long: the most is { $maxLength }.
PASSWORD_CHARACTER_CLASS_MISSING = The password lacks a kind of character.
    .characterClass = { $characterClass ->
        [lower] The password needs a lower-case letter.
        [upper] The password needs an upper-case letter.
        [digit] The password needs a digit.
        [symbol] The password needs a special character.
       *[other] The password lacks a kind of character.
    }
PASSWORD_TOO_WEAK = The password is too easily guessed.
PASSWORD_BREACHED = The password is on a list of known passwords.
PASSWORD_CONTAINS_IDENTIFIER = The password contains the name or address of its account.
PASSWORD_CONFIRMATION_MISMATCH = The confirmation is not the password.
PASSWORD_HASH_UNSUPPORTED = The password hash is of an unknown format or of excessive cost.
