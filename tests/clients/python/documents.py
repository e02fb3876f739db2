"""The example requests of the documents give the documents' answers, and their failures come as typed errors.

Usage: documents.py ENDPOINT, with the keys of the applications that the presets made in the environment: KEY_DIALOGPORTAL, KEY_ONLYOFFICE,
KEY_FLUID_TOPICS, KEY_SERVICESTACK, KEY_COMEXPOSIUM and KEY_OPERATOR."""

import os
import sys
import uuid

import grpc
from enroll.v1 import (
    account_pb2,
    account_service_pb2,
    credential_service_pb2,
    provisioning_pb2,
    realm_pb2,
    realm_service_pb2,
    registration_service_pb2,
    session_service_pb2,
    tenant_pb2,
    tenant_service_pb2,
)
from examples import (
    comexposium_example,
    dialogportal_example,
    fluid_topics_example,
    harbour,
    onlyoffice_example,
    servicestack_example,
)
from wire import Client, confirm, credential, password, LOGIN_FAILED, SESSION_INVALID

ENDPOINT = sys.argv[1]


def client(name, **metadata):
    return Client(ENDPOINT, os.environ[f"KEY_{name}"], **metadata)


def dialogportal():
    """Create user (endpoint 1001): contract of full name, e-mail and password."""
    portal = client("DIALOGPORTAL")
    create = portal.accounts.CreateAccount

    made, metadata = portal.call(create, dialogportal_example())
    assert made.outcome == provisioning_pb2.OUTCOME_CREATED
    assert metadata["x-legacy-code"] == "201", metadata
    assert made.account.account_number > 0
    assert made.account.profile.display_name == "John Doe"
    assert made.account.email.address == "mailbox@mailserver.com"
    assert not made.account.HasField("phone")

    # 303: redirected to "Get Account Data".
    again, metadata = portal.call(create, dialogportal_example())
    assert again.outcome == provisioning_pb2.OUTCOME_EXISTING
    assert metadata["x-legacy-code"] == "303", metadata
    assert again.account.account_id == made.account.account_id

    # 400: validation failed, all at once.
    refusal = portal.refused(create, dialogportal_example(name="", email="nobody", secret="pass"))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.reason == "VALIDATION_FAILED"
    assert refusal.said["legacyCode"] == "400", refusal
    assert dict(refusal.violations) == {
        "account.profile.display_name": "FIELD_REQUIRED",
        "account.email.address": "EMAIL_INVALID",
        "credential.password.password": "PASSWORD_TOO_SHORT",
    }, refusal

    # 400.3 and 400.4: the mobile number.
    phone = account_pb2.Phone(number="12")
    refusal = portal.refused(create, dialogportal_example(email="third@mailserver.com", phone=phone))
    assert refusal.said["legacyCode"] == "400.3", refusal
    phone = account_pb2.Phone(number="32 12 34 56")
    made, _ = portal.call(create, dialogportal_example(email="third@mailserver.com", phone=phone))
    assert made.account.phone.number == "+4532123456", made
    refusal = portal.refused(create, dialogportal_example(email="fourth@mailserver.com", phone=phone))
    assert refusal.code == grpc.StatusCode.ALREADY_EXISTS
    assert refusal.said["legacyCode"] == "400.4", refusal
    assert refusal.details["ResourceInfo"].resource_type == "enroll.v1.Account"


def onlyoffice():
    """Register a new portal (POST /api/portal/register)."""
    office = client("ONLYOFFICE")
    register = office.registration.RegisterPortal

    request_id = str(uuid.uuid4())
    made, metadata = office.call(register, onlyoffice_example(request_id=request_id))
    assert metadata["x-legacy-code"] == "200", metadata
    assert made.tenant.portal_name == "example"
    assert made.tenant.domain.startswith("example.")
    assert made.tenant.language_code == "en"
    assert made.tenant.owner_account_id == made.owner.account_id
    assert made.tenant.state == tenant_pb2.TENANT_STATE_ACTIVE
    assert made.tenant.tenant_number > 0
    assert made.tenant.time_zone == "UTC"
    assert made.tenant.HasField("create_time")

    assert made.reference.startswith("https://example."), made

    # The same request again is the same answer, but for its secrets.
    again, metadata = office.call(register, onlyoffice_example(request_id=request_id))
    assert (again.tenant, again.owner, again.outcome) == (made.tenant, made.owner, made.outcome)
    assert not again.reference and not again.verifications
    assert metadata["x-idempotent-replay"] == "true", metadata
    refusal = office.refused(register, onlyoffice_example(portal_name="another", request_id=request_id))
    assert refusal.reason == "REQUEST_ID_REUSED", refusal

    codes = {
        ("example", "123456"): "portalNameExist",
        ("", "123456"): "portalNameEmpty",
        ("ex_ample", "123456"): "portalNameIncorrect",
        ("ex", "123456"): "tooShortError",
        ("another", "12345"): "passPolicyError",
    }
    for (portal_name, secret), code in codes.items():
        refusal = office.refused(register, onlyoffice_example(portal_name=portal_name, secret=secret))
        assert refusal.said["legacyCode"] == code, refusal

    found, _ = office.call(
        office.tenants.GetTenant,
        tenant_service_pb2.GetTenantRequest(tenant=tenant_pb2.TenantRef(portal_name="example")),
    )
    assert found.tenant == made.tenant
    refusal = office.refused(
        office.tenants.GetTenant,
        tenant_service_pb2.GetTenantRequest(tenant=tenant_pb2.TenantRef(portal_name="nobody-has-it")),
    )
    assert refusal.code == grpc.StatusCode.NOT_FOUND
    assert refusal.said["legacyCode"] == "portalNameNotFound", refusal


def fluid_topics():
    """Register in an internal realm."""
    topics = client("FLUID_TOPICS", x_calling_app="my-portal")
    register = topics.registration.RegisterAccount

    made, metadata = topics.call(register, fluid_topics_example())
    assert metadata["x-legacy-code"] == "201", metadata
    assert uuid.UUID(made.account.account_id)
    assert made.account.profile.display_name == "A User"
    assert made.account.email.address == "user@mail.com"
    assert not made.account.verification_required

    # 400: parameters are missing, the address is invalid, the password is not secure: all at once.
    refusal = topics.refused(
        register, fluid_topics_example(profile=None, email="user@", password=password("short"), consents=[])
    )
    assert refusal.said["legacyCode"] == "400", refusal
    assert {reason for _, reason in refusal.violations} == {"FIELD_REQUIRED", "EMAIL_INVALID", "PASSWORD_TOO_SHORT"}, refusal
    assert len(refusal.violations) == 4, refusal

    # 401, and the calling app that has to be named.
    nobody = Client(ENDPOINT, None)
    refusal = nobody.refused(nobody.registration.RegisterAccount, fluid_topics_example())
    assert refusal.code == grpc.StatusCode.UNAUTHENTICATED
    assert refusal.reason == "CREDENTIALS_MISSING", refusal
    unnamed = client("FLUID_TOPICS")
    refusal = unnamed.refused(unnamed.registration.RegisterAccount, fluid_topics_example())
    assert refusal.reason == "CALLING_APP_MISMATCH", refusal


def servicestack():
    """Register (POST /register)."""
    stack = client("SERVICESTACK", accept_language="de")
    register = stack.registration.RegisterAccount

    made, _ = stack.call(register, servicestack_example())
    assert made.account.account_id
    assert made.account.profile.user_name == "john.doe"
    assert dict(made.annotations) == {"source": "web"}, made
    assert made.redirect.redirect_url == "https://app.example/welcome", made
    assert made.redirect.error_view == "register", made

    refusal = stack.refused(register, servicestack_example())
    assert refusal.code == grpc.StatusCode.ALREADY_EXISTS
    assert refusal.said["legacyCode"] == "AlreadyExists", refusal

    # ResponseStatus: every failure with its code, field and message; here in the caller's language too.
    refusal = stack.refused(
        register,
        servicestack_example(
            profile=account_pb2.Profile(user_name="-"), email="nobody", password=password("p@55wOrd", "another"),
        ),
    )
    assert dict(refusal.violations) == {
        "profile.user_name": "FIELD_TOO_SHORT",
        "email": "EMAIL_INVALID",
        "password.password_confirmation": "PASSWORD_CONFIRMATION_MISMATCH",
    }, refusal
    for violation in refusal.details["BadRequest"].field_violations:
        assert violation.description
        assert violation.localized_message.locale == "de", violation
    assert refusal.said["legacyCodes"] == ",".join(reason for _, reason in refusal.violations), refusal


def comexposium():
    """Create with password (POST /_plugin/Comexposium/user/createWithPassword)."""
    sso = client("COMEXPOSIUM")
    create = sso.accounts.CreateAccount

    made, metadata = sso.call(create, comexposium_example())
    assert metadata["x-legacy-code"] == "0", metadata
    assert metadata["x-legacy-message"] == "create_user_success", metadata
    assert made.account.profile.language_code == "fr-FR", made

    refusal = sso.refused(create, comexposium_example())
    assert (refusal.reason, refusal.said["legacyCode"]) == ("EMAIL_ALREADY_EXISTS", "143"), refusal
    refusal = sso.refused(create, comexposium_example(email="other@mail.com", secret=None))
    assert (refusal.reason, refusal.said["legacyCode"]) == ("VALIDATION_FAILED", "131"), refusal
    refusal = sso.refused(create, comexposium_example(email="other@mail.com", salon="foire_de_lyon"))
    assert (refusal.reason, refusal.said["legacyCode"]) == ("URL_CONFIGURATION_INVALID", "124"), refusal
    assert refusal.code == grpc.StatusCode.FAILED_PRECONDITION
    suppressed = comexposium_example(
        email="other@mail.com", salon="foire_de_lyon", delivery=provisioning_pb2.DELIVERY_SUPPRESS
    )
    sso.call(create, suppressed)


def verification():
    """A person registers in a realm that verifies, proves the address, logs in, and forgets the password."""
    operator = client("OPERATOR")
    realm = realm_pb2.Realm(name="members", registration_mode=realm_pb2.REGISTRATION_MODE_VERIFIED)
    realm = operator.call(operator.realms.CreateRealm, realm_service_pb2.CreateRealmRequest(realm=realm))[0].realm

    def register(email):
        return registration_service_pb2.RegisterAccountRequest(
            realm_id=realm.realm_id, email=email, password=password("seven lanterns over Skagen")
        )

    def login(secret):
        return session_service_pb2.CreateSessionRequest(
            realm_id=realm.realm_id, email="ada@example.org", password=secret
        )

    made, _ = operator.call(operator.registration.RegisterAccount, register("ada@example.org"))
    assert made.account.verification_required and not made.account.email.verified, made
    verification_id = made.verifications[0].verification_id
    assert operator.refused(operator.sessions.CreateSession, login("seven lanterns over Skagen")).reason == "LOGIN_FAILED"

    account = account_pb2.AccountRef(account_id=made.account.account_id)
    ask = registration_service_pb2.SendVerificationRequest(
        account=account, delivery=provisioning_pb2.DELIVERY_RETURN_TOKEN
    )
    refusal = operator.refused(operator.registration.SendVerification, ask)
    assert refusal.reason == "RATE_LIMIT_EXCEEDED", refusal  # The mail has just gone.
    made, _ = operator.call(operator.registration.RegisterPortal, harbour())
    token = made.reference.split("?token=")[1]
    wrong = confirm(token, verification_id=verification_id)
    assert operator.refused(operator.registration.ConfirmVerification, wrong).reason == "VERIFICATION_TOKEN_INVALID"
    opened, _ = operator.call(
        operator.registration.ConfirmVerification, confirm(token, password="seven lanterns over Skagen")
    )
    assert opened.tenant.state == tenant_pb2.TENANT_STATE_ACTIVE, opened
    again = confirm(token, password="seven lanterns over Skagen")
    refusal = operator.refused(operator.registration.ConfirmVerification, again)
    assert (refusal.reason, refusal.code) == ("VERIFICATION_TOKEN_USED", grpc.StatusCode.FAILED_PRECONDITION), refusal

    tenant_id = made.tenant.tenant_id
    start = credential_service_pb2.StartPasswordResetRequest(
        tenant_id=tenant_id, email="owner@harbour.example", delivery=provisioning_pb2.DELIVERY_RETURN_TOKEN
    )
    started, _ = operator.call(operator.credentials.StartPasswordReset, start)
    finish = credential_service_pb2.FinishPasswordResetRequest(
        token=started.verifications[0].token, new_password=password("eleven herons at dawn")
    )
    operator.call(operator.credentials.FinishPasswordReset, finish)
    owner = session_service_pb2.CreateSessionRequest(
        tenant_id=tenant_id, email="owner@harbour.example", password="eleven herons at dawn"
    )
    begun, _ = operator.call(operator.sessions.CreateSession, owner)
    refresh = session_service_pb2.RefreshSessionRequest(refresh_token=begun.session.refresh_token)
    operator.call(operator.sessions.RefreshSession, refresh)
    assert operator.refused(operator.sessions.RefreshSession, refresh).reason == "SESSION_INVALID"


def errors():
    """What has no document: a wrong key, a missing right, and limits on the wire."""
    operator = client("OPERATOR")
    wrong = Client(ENDPOINT, os.environ["KEY_OPERATOR"][:-1] + "!")
    accounts = account_service_pb2.ListAccountsRequest()
    assert wrong.refused(wrong.accounts.ListAccounts, accounts).reason == "CREDENTIALS_INVALID"
    topics = client("FLUID_TOPICS", x_calling_app="my-portal")
    refusal = topics.refused(topics.accounts.ListAccounts, accounts)
    assert refusal.code == grpc.StatusCode.PERMISSION_DENIED
    assert (refusal.reason, refusal.said["permission"]) == ("PERMISSION_MISSING", "accounts.read"), refusal
    nowhere = account_service_pb2.GetAccountRequest(account=account_pb2.AccountRef(email="nobody@example.org"))
    refusal = operator.refused(operator.accounts.GetAccount, nowhere)
    assert refusal.reason == "ACCOUNT_NOT_FOUND", refusal
    large = account_service_pb2.CreateAccountRequest(tenant_id="x" * (1 << 20))
    refusal = operator.refused(operator.accounts.CreateAccount, large)
    assert refusal.reason == "MESSAGE_TOO_LARGE", refusal


for document in (dialogportal, onlyoffice, fluid_topics, servicestack, comexposium, verification, errors):
    document()
    print(f"{document.__name__}: as expected")
