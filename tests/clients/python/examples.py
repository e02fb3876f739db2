"""The example requests of the five documents, and one of no document's; what a test gives takes the place of what the
document says."""

from enroll.v1 import (
    account_pb2,
    account_service_pb2,
    provisioning_pb2,
    registration_service_pb2,
)
from wire import credential, password


def harbour():
    """A portal with its owner."""
    return registration_service_pb2.RegisterPortalRequest(
        tenant=registration_service_pb2.TenantInput(portal_name="harbour"),
        owner=registration_service_pb2.OwnerInput(
            profile=account_pb2.Profile(given_name="Ada", family_name="Byron"), email="owner@harbour.example"
        ),
        password=password("seven lanterns over Skagen"),
    )


def dialogportal_example(name="John Doe", email="mailbox@mailserver.com", secret="password", **more):
    return account_service_pb2.CreateAccountRequest(
        account=account_pb2.Account(
            profile=account_pb2.Profile(display_name=name), email=account_pb2.Email(address=email), **more
        ),
        credential=credential(secret),
    )


def onlyoffice_example(portal_name="example", secret="123456", **more):
    return registration_service_pb2.RegisterPortalRequest(
        tenant=registration_service_pb2.TenantInput(portal_name=portal_name, language_code="en", time_zone="UTC"),
        owner=registration_service_pb2.OwnerInput(
            profile=account_pb2.Profile(given_name="John", family_name="Smith"),
            email="test@example.com",
            phone="123456789",
        ),
        password=password(secret),
        **more,
    )


def fluid_topics_example(**changes):
    fields = {
        "profile": account_pb2.Profile(display_name="A User"),
        "email": "user@mail.com",
        "password": password("User's password"),
        "consents": [account_pb2.Consent(document="privacy-policy", accepted=False)],
    }
    return registration_service_pb2.RegisterAccountRequest(**{**fields, **changes})


def servicestack_example(**changes):
    fields = {
        "profile": account_pb2.Profile(
            user_name="john.doe", given_name="John", family_name="Doe", display_name="John Doe"
        ),
        "email": "john.doe@example.com",
        "password": password("p@55wOrd", "p@55wOrd"),
        "annotations": {"source": "web"},
        "redirect": provisioning_pb2.Redirect(error_view="register"),
    }
    return registration_service_pb2.RegisterAccountRequest(**{**fields, **changes})


def comexposium_example(
    email="visitor@mail.com", secret="MyPasswordSecur3d!", salon="foire_de_paris", language="fre-FR", **more
):
    return account_service_pb2.CreateAccountRequest(
        account=account_pb2.Account(
            email=account_pb2.Email(address=email),
            profile=account_pb2.Profile(language_code=language),
            origin=account_pb2.Origin(
                brand=salon,
                edition="foire_de_paris_2017",
                third_party_id="f9c7c303bbc3531781fe52b6e4123d5e40ba8581",
            ),
        ),
        credential=secret and credential(secret),
        **{"delivery": provisioning_pb2.DELIVERY_SEND, **more},
    )
