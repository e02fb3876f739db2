"""The rows of the five documents that need the world outside, each under its preset."""

from enroll.v1 import (
    account_pb2,
    account_service_pb2,
    application_pb2,
    application_service_pb2,
    credential_service_pb2,
    provisioning_pb2,
    realm_pb2,
    session_pb2,
    session_service_pb2,
    template_pb2,
    template_service_pb2,
    tenant_pb2,
    verification_pb2,
)
from grpc import StatusCode
from examples import (
    comexposium_example,
    dialogportal_example,
    fluid_topics_example,
    onlyoffice_example,
    servicestack_example,
)
from wire import LOGIN_FAILED, TOKEN_USED, assert_told, confirm, credential, password
from world import SENDER, Captchas

OTHER_SECRET = "eleven herons at dawn"


def dialogportal(world):
    """A number is verified by the code of a text; each of the four answers is one of its own."""
    world.change_realm("dialogportal", verify_phone=True)
    client = world.client("dialogportal")
    verify = client.registration.ConfirmVerification
    phone = account_pb2.Phone(number="32 12 34 56")
    made, metadata = client.call(client.accounts.CreateAccount, dialogportal_example(phone=phone))
    assert metadata["x-legacy-code"] == "201", metadata
    assert made.account.phone.number == "+4532123456" and not made.account.phone.verified, made
    (verification,) = made.verifications
    assert verification.kind == verification_pb2.VERIFICATION_KIND_PHONE and not verification.token, made
    login = session_service_pb2.CreateSessionRequest(phone="+4532123456", password="password")
    refusal = client.refused(client.sessions.CreateSession, login)
    assert_told(refusal, StatusCode.FAILED_PRECONDITION, "ACCOUNT_NOT_VERIFIED", "400")
    # A number that is not verified yet is held all the same.
    other = dialogportal_example(email="other@mailserver.com", phone=phone)
    refusal = client.refused(client.accounts.CreateAccount, other)
    assert_told(refusal, StatusCode.ALREADY_EXISTS, "PHONE_ALREADY_EXISTS", "400.4")

    code = world.phones.code_to("+4532123456")
    verification_id = verification.verification_id
    wrong = confirm("000001" if code == "000000" else "000000", verification_id=verification_id)
    refusal = client.refused(verify, wrong)
    assert_told(refusal, StatusCode.INVALID_ARGUMENT, "VERIFICATION_TOKEN_INVALID", "400")
    unknown = verification_id[:-1] + ("1" if verification_id.endswith("0") else "0")
    refusal = client.refused(verify, confirm(code, verification_id=unknown))
    assert_told(refusal, StatusCode.NOT_FOUND, "VERIFICATION_NOT_FOUND", "400")
    proved, _ = client.call(verify, confirm(code, verification_id=verification_id))
    assert proved.kind == verification_pb2.VERIFICATION_KIND_PHONE, proved
    assert proved.account.phone.verified, proved
    refusal = client.refused(verify, confirm(code, verification_id=verification_id))
    assert_told(refusal, *TOKEN_USED, "400")
    begun, _ = client.call(client.sessions.CreateSession, login)
    assert begun.account.account_id == made.account.account_id, begun


def onlyoffice(world):
    """Who opens a portal solves a captcha, and opens only so many."""
    application = application_pb2.Application(
        application_id=world.made["onlyoffice"]["application"]["applicationId"], portal_captcha_required=True
    )
    demand = application_service_pb2.UpdateApplicationRequest(application=application)
    world.operator.call(world.operator.applications.UpdateApplication, demand)
    client = world.client("onlyoffice")
    register = client.registration.RegisterPortal

    def request(portal_name="example", token="solved"):
        return onlyoffice_example(portal_name, captcha=provisioning_pb2.Captcha(token=token))

    for refused, reason in [(onlyoffice_example(), "CAPTCHA_REQUIRED"), (request(token="guessed"), "CAPTCHA_INVALID")]:
        refusal = client.refused(register, refused)
        assert_told(refusal, StatusCode.INVALID_ARGUMENT, reason, "recaptchaInvalid")
        assert refusal.violations == [("captcha.token", reason)], refusal
    asked = {"secret": Captchas.secret, "response": "guessed", "remoteip": "127.0.0.1"}
    assert world.captchas.asked.of() == [(asked, 200)], world.captchas.asked.of()

    world.captchas.is_down = True
    refusal = client.refused(register, request())
    world.captchas.is_down = False
    assert_told(refusal, StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", "error")
    assert refusal.details["RetryInfo"].retry_delay.ToTimedelta().total_seconds() > 0, refusal

    links = set()
    for at in range(5):
        made, metadata = client.call(register, request(f"example-{at}"))
        assert metadata["x-legacy-code"] == "200", metadata
        assert made.tenant.state == tenant_pb2.TENANT_STATE_ACTIVE, made
        assert made.reference.startswith(f"https://{made.tenant.domain}/activate?token="), made
        links.add(made.reference)
    refusal = client.refused(register, request())
    assert_told(refusal, StatusCode.RESOURCE_EXHAUSTED, "RESOURCE_QUOTA_EXCEEDED", "portalsCountTooMuch")
    assert (refusal.said["metric"], refusal.said["limit"]) == ("tenants", "5"), refusal
    assert {mail.link for mail in world.mails.to("test@example.com", 5)} == links


def fluid_topics(world):
    """A realm that verifies: the address is proved, and the password that came in plain text is changed."""
    world.change_realm("fluid-topics", registration_mode=realm_pb2.REGISTRATION_MODE_VERIFIED)
    topics = world.client("fluid-topics", x_calling_app="my-portal")
    made, metadata = topics.call(topics.registration.RegisterAccount, fluid_topics_example())
    assert metadata["x-legacy-code"] == "201", metadata
    assert made.account.verification_required, "needsVerification"
    login = session_service_pb2.CreateSessionRequest(email="user@mail.com", password="User's password")
    refusal = topics.refused(topics.sessions.CreateSession, login)
    assert_told(refusal, *LOGIN_FAILED, "401")
    (mail,) = world.mails.to("user@mail.com")
    assert mail.subject == "Please confirm your e-mail address", mail
    proof = confirm(mail.token, verification_id=made.verifications[0].verification_id)
    topics.call(topics.registration.ConfirmVerification, proof)

    begun, _ = topics.call(topics.sessions.CreateSession, login)
    person = first_login(world, begun.session)
    assert world.mails.to("user@mail.com", 2)[-1].subject == "Your password was changed"
    listed, _ = person.call(person.sessions.ListSessions, session_service_pb2.ListSessionsRequest())
    assert listed.sessions[0].restriction == session_pb2.SESSION_RESTRICTION_UNSPECIFIED, listed
    refusal = topics.refused(topics.sessions.CreateSession, login)
    assert_told(refusal, *LOGIN_FAILED, "401")


def first_login(world, session):
    """After the first login the password is changed, and nothing can be done before."""
    assert session.restriction == session_pb2.SESSION_RESTRICTION_CHANGE_PASSWORD, session
    person = world.client("fluid-topics", x_calling_app="my-portal", x_user_token=session.bearer_token)
    refusal = person.refused(person.sessions.ListSessions, session_service_pb2.ListSessionsRequest())
    assert_told(refusal, StatusCode.FAILED_PRECONDITION, "PASSWORD_CHANGE_REQUIRED", "400")
    change = credential_service_pb2.ChangePasswordRequest(
        old_password="User's password", new_password=password(OTHER_SECRET)
    )
    person.call(person.credentials.ChangePassword, change)
    return person


def closed_realm(world):
    """A realm that is closed is opened by a person of it with the role USERS_ADMIN, and by nobody else."""
    world.change_realm("fluid-topics", registration_mode=realm_pb2.REGISTRATION_MODE_CLOSED)
    topics, operator = world.client("fluid-topics", x_calling_app="my-portal"), world.operator
    newcomer = fluid_topics_example(email="newcomer@mail.com")
    refusal = topics.refused(topics.registration.RegisterAccount, newcomer)
    assert_told(refusal, StatusCode.PERMISSION_DENIED, "REGISTRATION_CLOSED", "400")
    administrator = account_pb2.Account(
        email=account_pb2.Email(address="admin@mail.com"),
        roles=["USERS_ADMIN"],
        consents=[account_pb2.Consent(document="privacy-policy", accepted=True)],
    )
    create = account_service_pb2.CreateAccountRequest(
        realm_id=world.made["fluid-topics"]["realmId"],
        account=administrator,
        credential=credential("User's password"),
    )
    operator.call(operator.accounts.CreateAccount, create)
    login = session_service_pb2.CreateSessionRequest(email="admin@mail.com", password="User's password")
    person = first_login(world, topics.call(topics.sessions.CreateSession, login)[0].session)
    made, metadata = person.call(person.registration.RegisterAccount, newcomer)
    assert metadata["x-legacy-code"] == "201", metadata
    assert made.account.email.address == "newcomer@mail.com", made
    refusal = topics.refused(topics.registration.RegisterAccount, fluid_topics_example(email="another@mail.com"))
    assert_told(refusal, StatusCode.PERMISSION_DENIED, "REGISTRATION_CLOSED", "400")


def servicestack(world):
    """AutoLogin gives the session in the same answer; a RedirectUrl is one of the application's."""
    stack = world.client("servicestack")
    elsewhere = provisioning_pb2.Redirect(redirect_url="https://elsewhere.example/", error_view="register")
    refusal = stack.refused(stack.registration.RegisterAccount, servicestack_example(redirect=elsewhere))
    assert_told(refusal, StatusCode.INVALID_ARGUMENT, "VALIDATION_FAILED", "URL_NOT_ALLOWED")
    assert refusal.violations == [("redirect.redirect_url", "URL_NOT_ALLOWED")], refusal

    made, metadata = stack.call(stack.registration.RegisterAccount, servicestack_example(auto_login=True))
    assert metadata["x-legacy-code"] == "200", metadata
    assert made.redirect.redirect_url == "https://app.example/welcome", made
    session = made.session
    assert session.session_id and session.bearer_token and session.refresh_token, made
    assert session.refresh_token_expire_time.seconds > session.bearer_token_expire_time.seconds > 0, made
    seen = session_service_pb2.GetSessionRequest(bearer_token=session.bearer_token)
    found, _ = world.front.call(world.front.sessions.GetSession, seen)
    assert found.session.session_id == session.session_id, found
    assert found.account.account_id == made.account.account_id, found
    refresh = session_service_pb2.RefreshSessionRequest(refresh_token=session.refresh_token)
    assert stack.call(stack.sessions.RefreshSession, refresh)[0].session.session_id == session.session_id


def comexposium(world):
    """The mail is of the salon and in the visitor's language; without a template for them nothing is made."""
    sso = world.client("comexposium")
    create = sso.accounts.CreateAccount
    silent = comexposium_example(email="silent@mail.com", delivery=provisioning_pb2.DELIVERY_SUPPRESS)
    _, metadata = sso.call(create, silent)
    assert (metadata["x-legacy-code"], metadata["x-legacy-message"]) == ("0", "create_user_success"), metadata
    made, metadata = sso.call(create, comexposium_example())
    assert (metadata["x-legacy-code"], metadata["x-legacy-message"]) == ("0", "create_user_success"), metadata
    assert made.account.profile.language_code == "fr-FR", made
    (mail,) = world.mails.to("visitor@mail.com")
    assert (mail.sender, mail.subject) == (SENDER, "Votre compte Foire de Paris"), mail
    assert "Votre compte Foire de Paris a été créé avec l'adresse visitor@mail.com." in mail.text, mail.text
    assert mail.link == "https://foire-de-paris.example/login", mail.text

    english = template_service_pb2.DeleteTemplateRequest(
        kind=template_pb2.MAIL_KIND_ACCOUNT_CREATED, brand="foire_de_paris", language_code="en-GB"
    )
    world.operator.call(world.operator.templates.DeleteTemplate, english)
    refusal = sso.refused(create, comexposium_example(email="other@mail.com", language="eng-GB"))
    assert_told(refusal, StatusCode.FAILED_PRECONDITION, "TEMPLATE_MISSING", "187")
    said = {name: refusal.said[name] for name in ("kind", "brand", "languageCode")}
    assert said == {"kind": "ACCOUNT_CREATED", "brand": "foire_de_paris", "languageCode": "en-GB"}, refusal
    _, metadata = sso.call(create, comexposium_example(email="other@mail.com"))
    assert metadata["x-legacy-code"] == "0", "nothing was made before"
    world.mails.to("other@mail.com")
    world.mails.assert_none_to("silent@mail.com")
