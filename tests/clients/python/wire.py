"""A client of enroll as anybody would write it in Python: generated stubs, an application key in the metadata, and the
typed error details of google.rpc, read by grpcio-status (which raises when code or message inside the details differ
from the headers)."""

import grpc
from enroll.v1 import (
    account_service_pb2_grpc,
    application_service_pb2_grpc,
    credential_pb2,
    credential_service_pb2_grpc,
    realm_service_pb2_grpc,
    registration_service_pb2,
    registration_service_pb2_grpc,
    session_service_pb2_grpc,
    template_service_pb2_grpc,
    tenant_service_pb2_grpc,
)
from google.rpc import error_details_pb2
from grpc_status import rpc_status

TIMEOUT_SECONDS = 20

DETAILS = {
    message.DESCRIPTOR.full_name: message
    for message in (
        error_details_pb2.BadRequest,
        error_details_pb2.ErrorInfo,
        error_details_pb2.LocalizedMessage,
        error_details_pb2.PreconditionFailure,
        error_details_pb2.QuotaFailure,
        error_details_pb2.RequestInfo,
        error_details_pb2.ResourceInfo,
        error_details_pb2.RetryInfo,
    )
}


class Client:
    """The services of one endpoint, called with one key."""

    def __init__(self, endpoint, key, **metadata):
        self.channel = grpc.insecure_channel(endpoint)
        self.metadata = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        if key:
            self.metadata.append(("authorization", f"Bearer {key}"))
        self.applications = application_service_pb2_grpc.ApplicationServiceStub(self.channel)
        self.accounts = account_service_pb2_grpc.AccountServiceStub(self.channel)
        self.registration = registration_service_pb2_grpc.RegistrationServiceStub(self.channel)
        self.tenants = tenant_service_pb2_grpc.TenantServiceStub(self.channel)
        self.realms = realm_service_pb2_grpc.RealmServiceStub(self.channel)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(self.channel)
        self.credentials = credential_service_pb2_grpc.CredentialServiceStub(self.channel)
        self.templates = template_service_pb2_grpc.TemplateServiceStub(self.channel)

    def call(self, rpc, request):
        """The answer, and the metadata that came before and after it."""
        try:
            return self._call(rpc, request)
        except grpc.RpcError as error:
            raise AssertionError(f"refused: {Refusal(error)}") from error

    def refused(self, rpc, request):
        """The refusal of a call that has to be refused."""
        try:
            answer, _ = self._call(rpc, request)
        except grpc.RpcError as error:
            return Refusal(error)
        raise AssertionError(f"not refused: {answer}")

    def _call(self, rpc, request):
        answer, call = rpc.with_call(request, metadata=self.metadata, timeout=TIMEOUT_SECONDS)
        return answer, dict((*call.initial_metadata(), *call.trailing_metadata()))


class Refusal:
    """A status with its details, each at most once."""

    def __init__(self, error):
        status = rpc_status.from_call(error)
        assert status is not None, f"a refusal without details: {error}"
        self.code = error.code()
        self.message = status.message
        self.metadata = dict((*(error.initial_metadata() or ()), *(error.trailing_metadata() or ())))
        self.details = {}
        for detail in status.details:
            name = detail.type_url.rsplit("/", 1)[-1]
            assert name not in self.details, f"{name} comes twice"
            message = DETAILS[name]()
            assert detail.Unpack(message)
            self.details[name.rsplit(".", 1)[-1]] = message
        info = self.details["ErrorInfo"]
        assert info.domain == "enroll.v1"
        assert self.details["RequestInfo"].request_id == self.metadata["x-request-id"]
        self.reason = info.reason
        self.said = dict(info.metadata)
        violations = self.details.get("BadRequest", error_details_pb2.BadRequest()).field_violations
        self.violations = [(violation.field, violation.reason) for violation in violations]

    def __repr__(self):
        return f"{self.code} {self.reason}: {self.message} {self.said} {self.violations}"


def password(text, confirmation=None):
    return credential_pb2.PasswordInput(password=text, password_confirmation=confirmation)


def credential(text):
    return credential_pb2.CredentialInput(password=credential_pb2.InitialPassword(password=text))


def confirm(token, **second_key):
    return registration_service_pb2.ConfirmVerificationRequest(token=token, **second_key)


def assert_told(refusal, code, reason, legacy_code=None):
    told = (refusal.code, refusal.reason, refusal.said.get("legacyCode"))
    assert told == (code, reason, legacy_code), f"{code}, {reason}, {legacy_code} was due: {refusal}"


LOGIN_FAILED = (grpc.StatusCode.UNAUTHENTICATED, "LOGIN_FAILED")
SESSION_INVALID = (grpc.StatusCode.UNAUTHENTICATED, "SESSION_INVALID")
TOKEN_USED = (grpc.StatusCode.FAILED_PRECONDITION, "VERIFICATION_TOKEN_USED")
