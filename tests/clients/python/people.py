"""What people do, whichever system they come by: they prove an address, log in, change their passwords, open a portal."""

from enroll.v1 import (
    account_pb2,
    credential_service_pb2,
    provisioning_pb2,
    realm_pb2,
    realm_service_pb2,
    registration_service_pb2,
    session_service_pb2,
    tenant_pb2,
    verification_pb2,
)
from grpc import StatusCode
from examples import harbour
from wire import LOGIN_FAILED, SESSION_INVALID, TOKEN_USED, assert_told, confirm, password
from world import LINKS, SENDER

SECRET = "seven lanterns over Skagen"
OTHER_SECRET = "eleven herons at dawn"


class Members:
    """A realm whose people are verified, and what they do."""

    def __init__(self, world, name):
        self.front, self.mails, operator = world.front, world.mails, world.operator
        realm = realm_pb2.Realm(name=name, registration_mode=realm_pb2.REGISTRATION_MODE_VERIFIED)
        made, _ = operator.call(operator.realms.CreateRealm, realm_service_pb2.CreateRealmRequest(realm=realm))
        self.realm_id = made.realm.realm_id

    def register(self, email):
        request = registration_service_pb2.RegisterAccountRequest(
            realm_id=self.realm_id, email=email, password=password(SECRET)
        )
        return self.front.call(self.front.registration.RegisterAccount, request)[0]

    def join(self, email):
        """Registers and is verified."""
        verification_id = self.register(email).verifications[0].verification_id
        request = confirm(self.mails.to(email)[0].token, verification_id=verification_id)
        return self.front.call(self.front.registration.ConfirmVerification, request)[0].account

    def login(self, email, secret=SECRET):
        return self.front.call(self.front.sessions.CreateSession, self._login(email, secret))[0].session

    def refused(self, email, secret=SECRET):
        return self.front.refused(self.front.sessions.CreateSession, self._login(email, secret))

    def _login(self, email, secret):
        return session_service_pb2.CreateSessionRequest(realm_id=self.realm_id, email=email, password=secret)


def an_address(world):
    """A person registers and proves an address by its mail, with either of the second keys."""
    members, front = Members(world, "an-address"), world.front
    verify = front.registration.ConfirmVerification
    made = members.register("ada@example.org")
    assert made.outcome == provisioning_pb2.OUTCOME_ACCEPTED, made
    assert made.account.verification_required and not made.account.email.verified, made
    (verification,) = made.verifications
    assert verification.kind == verification_pb2.VERIFICATION_KIND_EMAIL, made
    assert not verification.token and not verification.url, made
    (mail,) = world.mails.to("ada@example.org")
    assert (mail.sender, mail.subject) == (SENDER, "Please confirm your e-mail address"), mail
    assert mail.link == f"{LINKS}/activate?token={mail.token}", mail.text
    assert_told(members.refused("ada@example.org"), *LOGIN_FAILED)

    # Where the page is opened that the person registered on.
    proof = confirm(mail.token, verification_id=verification.verification_id)
    proved, _ = front.call(verify, proof)
    assert proved.kind == verification_pb2.VERIFICATION_KIND_EMAIL, proved
    assert proved.account.state == account_pb2.ACCOUNT_STATE_ACTIVE, proved
    assert proved.account.email.verified and proved.account.email.HasField("verify_time"), proved
    assert_told(front.refused(verify, proof), *TOKEN_USED)
    assert members.login("ada@example.org").bearer_token

    # Where it is opened elsewhere and asks for the password.
    members.register("bob@example.org")
    (mail,) = world.mails.to("bob@example.org")
    assert_told(front.refused(verify, confirm(mail.token, password=OTHER_SECRET)), *LOGIN_FAILED)
    proof = confirm(mail.token, password=SECRET)
    proved, _ = front.call(verify, proof)
    assert proved.account.email.verified, proved
    assert_told(front.refused(verify, proof), *TOKEN_USED)
    assert members.login("bob@example.org").bearer_token


def sessions(world):
    """Tokens are exchanged once, and sessions are listed and ended."""
    members, front = Members(world, "sessions"), world.front
    account = members.join("carol@example.org")

    def refresh(token):
        return session_service_pb2.RefreshSessionRequest(refresh_token=token)

    def seen(bearer):
        return session_service_pb2.GetSessionRequest(bearer_token=bearer)

    first = members.login("carol@example.org")
    found, _ = front.call(front.sessions.GetSession, seen(first.bearer_token))
    assert found.account.account_id == account.account_id, found
    assert (found.session.session_id, found.session.realm_id) == (first.session_id, members.realm_id), found
    second = front.call(front.sessions.RefreshSession, refresh(first.refresh_token))[0].session
    assert second.session_id == first.session_id
    assert second.bearer_token != first.bearer_token and second.refresh_token != first.refresh_token
    assert_told(front.refused(front.sessions.GetSession, seen(first.bearer_token)), *SESSION_INVALID)
    front.call(front.sessions.GetSession, seen(second.bearer_token))
    # Who comes with the old token is a thief or was robbed.
    assert_told(front.refused(front.sessions.RefreshSession, refresh(first.refresh_token)), *SESSION_INVALID)
    assert_told(front.refused(front.sessions.GetSession, seen(second.bearer_token)), *SESSION_INVALID)
    assert_told(front.refused(front.sessions.RefreshSession, refresh(second.refresh_token)), *SESSION_INVALID)

    here, there = members.login("carol@example.org"), members.login("carol@example.org")
    person = world.client("front", x_user_token=here.bearer_token)
    own = session_service_pb2.ListSessionsRequest()
    listed = person.call(person.sessions.ListSessions, own)[0].sessions
    assert [session.session_id for session in listed] == [here.session_id, there.session_id], listed
    end = session_service_pb2.RevokeSessionRequest(session_id=there.session_id)
    assert person.call(person.sessions.RevokeSession, end)[0].revoked
    assert not person.call(person.sessions.RevokeSession, end)[0].revoked
    assert_told(front.refused(front.sessions.GetSession, seen(there.bearer_token)), *SESSION_INVALID)
    listed = person.call(person.sessions.ListSessions, own)[0].sessions
    assert [session.session_id for session in listed] == [here.session_id], listed
    assert person.call(person.sessions.RevokeSession, session_service_pb2.RevokeSessionRequest())[0].revoked
    assert_told(person.refused(person.sessions.ListSessions, own), *SESSION_INVALID)


def passwords(world):
    """A password is changed by who knows it, and replaced by who reads the mail; either is told of."""
    members, front, email = Members(world, "passwords"), world.front, "dora@example.org"
    members.join(email)
    here, _ = members.login(email), members.login(email)
    person = world.client("front", x_user_token=here.bearer_token)

    def change(old):
        return credential_service_pb2.ChangePasswordRequest(old_password=old, new_password=password(OTHER_SECRET))

    assert_told(person.refused(person.credentials.ChangePassword, change("not the password")), *LOGIN_FAILED)
    changed, _ = person.call(person.credentials.ChangePassword, change(SECRET))
    assert changed.revoked_session_count == 1, changed
    notice = world.mails.to(email, 2)[-1]
    assert (notice.subject, notice.link) == ("Your password was changed", f"{LINKS}/login"), notice.text
    assert_told(members.refused(email), *LOGIN_FAILED)
    members.login(email, OTHER_SECRET)

    def forgot(whose):
        return credential_service_pb2.StartPasswordResetRequest(realm_id=members.realm_id, email=whose)

    nobody, _ = front.call(front.credentials.StartPasswordReset, forgot("nobody@example.org"))
    somebody, _ = front.call(front.credentials.StartPasswordReset, forgot(email))
    assert nobody == somebody and not somebody.verifications, somebody
    mail = world.mails.to(email, 3)[-1]
    assert mail.subject == "Reset your password", mail
    assert mail.link == f"{LINKS}/reset-password?token={mail.token}", mail.text
    world.mails.assert_none_to("nobody@example.org")
    third = "nine grebes on the water"
    finish = credential_service_pb2.FinishPasswordResetRequest(token=mail.token, new_password=password(third))
    finished, _ = front.call(front.credentials.FinishPasswordReset, finish)
    assert finished.revoked_session_count == 2, finished
    assert_told(front.refused(front.credentials.FinishPasswordReset, finish), *TOKEN_USED)
    assert_told(members.refused(email, OTHER_SECRET), *LOGIN_FAILED)
    own = session_service_pb2.ListSessionsRequest()
    assert_told(person.refused(person.sessions.ListSessions, own), *SESSION_INVALID)
    members.login(email, third)
    assert world.mails.to(email, 4)[-1].subject == "Your password was changed"


def portal(world):
    """A portal waits for its owner, who opens it by the link of the mail and the password."""
    front, verify = world.front, world.front.registration.ConfirmVerification
    made, _ = front.call(front.registration.RegisterPortal, harbour())
    assert made.tenant.state == tenant_pb2.TENANT_STATE_PENDING_ACTIVATION, made
    assert made.owner.state == account_pb2.ACCOUNT_STATE_PENDING_VERIFICATION, made
    assert not made.reference, "the link is for the owner"
    login = session_service_pb2.CreateSessionRequest(
        tenant_id=made.tenant.tenant_id, email="owner@harbour.example", password=SECRET
    )
    refusal = front.refused(front.sessions.CreateSession, login)
    assert_told(refusal, StatusCode.FAILED_PRECONDITION, "TENANT_NOT_ACTIVE")

    (mail,) = world.mails.to("owner@harbour.example")
    assert mail.subject == "Please activate your portal harbour", mail
    assert mail.link == f"https://{made.tenant.domain}/activate-portal?token={mail.token}", mail.text
    assert_told(front.refused(verify, confirm(mail.token, password=OTHER_SECRET)), *LOGIN_FAILED)
    proof = confirm(mail.token, password=SECRET)
    proved, _ = front.call(verify, proof)
    assert proved.kind == verification_pb2.VERIFICATION_KIND_PORTAL_ACTIVATION, proved
    assert proved.tenant.tenant_id == made.tenant.tenant_id, proved
    assert proved.tenant.state == tenant_pb2.TENANT_STATE_ACTIVE, proved
    assert proved.account.state == account_pb2.ACCOUNT_STATE_ACTIVE and proved.account.email.verified, proved
    assert_told(front.refused(verify, proof), *TOKEN_USED)

    begun, _ = front.call(front.sessions.CreateSession, login)
    assert begun.account.account_id == made.tenant.owner_account_id, begun
    assert begun.account.roles == ["OWNER", "ADMIN"], begun
    person = world.client("front", x_user_token=begun.session.bearer_token)
    listed, _ = person.call(person.sessions.ListSessions, session_service_pb2.ListSessionsRequest())
    assert [session.session_id for session in listed.sessions] == [begun.session.session_id], listed
