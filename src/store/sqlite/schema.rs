//! The tables as this engine keeps them; `migrations/sqlite` makes them. Columns that no query names are left out.

diesel::table! {
    tenants (tenant_id) {
        tenant_id -> Binary,
        tenant_number -> BigInt,
        portal_name -> Nullable<Text>,
        domain -> Nullable<Text>,
        language -> Text,
        time_zone -> Text,
        owner_account_id -> Nullable<Binary>,
        state -> Text,
        default_contract_id -> Binary,
        link_base -> Nullable<Text>,
        brands -> Text,
        annotations -> Text,
        create_time -> Text,
        update_time -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    applications (application_id) {
        application_id -> Binary,
        home_tenant_id -> Binary,
        name -> Text,
        display_name -> Nullable<Text>,
        state -> Text,
        settings -> Text,
        create_time -> Text,
        update_time -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    application_keys (key_id) {
        key_id -> Binary,
        application_id -> Binary,
        display_name -> Nullable<Text>,
        prefix -> Text,
        hash -> Binary,
        create_time -> Text,
        expire_time -> Nullable<Text>,
        revoke_time -> Nullable<Text>,
        last_used_time -> Nullable<Text>,
    }
}

diesel::table! {
    application_tenants (application_id, tenant_id) {
        application_id -> Binary,
        tenant_id -> Binary,
        permissions -> Text,
        default_realm_id -> Nullable<Binary>,
        default_contract_id -> Nullable<Binary>,
        allowed_realms -> Nullable<Text>,
        allowed_contracts -> Nullable<Text>,
    }
}

diesel::table! {
    portal_requests (application_id, request_id) {
        application_id -> Binary,
        request_id -> Binary,
        fingerprint -> Binary,
        outcome -> Text,
        made_tenant_id -> Binary,
        made_account_id -> Binary,
        create_time -> Text,
        expire_time -> Text,
    }
}

diesel::table! {
    quota_uses (scope, key) {
        scope -> Text,
        key -> Text,
        used -> BigInt,
    }
}

diesel::table! {
    realms (tenant_id, realm_id) {
        tenant_id -> Binary,
        realm_id -> Binary,
        name -> Text,
        display_name -> Nullable<Text>,
        kind -> Text,
        state -> Text,
        rules -> Text,
        create_time -> Text,
        update_time -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    contracts (tenant_id, contract_id) {
        tenant_id -> Binary,
        contract_id -> Binary,
        name -> Text,
        version -> Integer,
        create_time -> Text,
    }
}

diesel::table! {
    contract_versions (tenant_id, contract_id, version) {
        tenant_id -> Binary,
        contract_id -> Binary,
        version -> Integer,
        terms -> Text,
        create_time -> Text,
    }
}

diesel::table! {
    accounts (tenant_id, account_id) {
        tenant_id -> Binary,
        account_id -> Binary,
        account_number -> BigInt,
        realm_id -> Binary,
        contract_id -> Binary,
        contract_version -> Integer,
        user_name -> Nullable<Text>,
        user_name_key -> Nullable<Text>,
        display_name -> Nullable<Text>,
        given_name -> Nullable<Text>,
        family_name -> Nullable<Text>,
        language -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_key_version -> Nullable<SmallInt>,
        email_verify_time -> Nullable<Text>,
        phone -> Nullable<Text>,
        phone_key -> Nullable<Text>,
        phone_verify_time -> Nullable<Text>,
        state -> Text,
        verification_required -> Bool,
        password_set -> Bool,
        password_change_required -> Bool,
        external_keys -> Text,
        consents -> Text,
        origin -> Text,
        roles -> Text,
        attributes -> Text,
        annotations -> Text,
        create_time -> Text,
        update_time -> Text,
        delete_time -> Nullable<Text>,
        purge_time -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    identifiers (tenant_id, account_id, kind, key) {
        tenant_id -> Binary,
        realm_id -> Binary,
        kind -> Text,
        key -> Text,
        account_id -> Binary,
        held -> Bool,
        verify_time -> Nullable<Text>,
        expire_time -> Nullable<Text>,
    }
}

diesel::table! {
    unique_values (tenant_id, contract_id, path, key) {
        tenant_id -> Binary,
        contract_id -> Binary,
        path -> Text,
        key -> Text,
        account_id -> Binary,
    }
}

diesel::table! {
    external_keys (tenant_id, key_type, key) {
        tenant_id -> Binary,
        key_type -> Text,
        key -> Text,
        account_id -> Binary,
    }
}

diesel::table! {
    consents (tenant_id, account_id, document, version, accept_time) {
        tenant_id -> Binary,
        account_id -> Binary,
        document -> Text,
        version -> Text,
        accept_time -> Text,
        accepted -> Bool,
    }
}

diesel::table! {
    credentials (tenant_id, account_id) {
        tenant_id -> Binary,
        account_id -> Binary,
        phc -> Text,
        update_time -> Text,
    }
}

diesel::table! {
    requests (tenant_id, application_id, rpc, request_id) {
        tenant_id -> Binary,
        application_id -> Binary,
        rpc -> Text,
        request_id -> Binary,
        fingerprint -> Binary,
        outcome -> Text,
        made_tenant_id -> Binary,
        made_account_id -> Binary,
        create_time -> Text,
        expire_time -> Text,
    }
}

diesel::table! {
    tenant_quota_uses (tenant_id, scope, key) {
        tenant_id -> Binary,
        scope -> Text,
        key -> Text,
        used -> BigInt,
    }
}

diesel::table! {
    events (tenant_id, event_id) {
        tenant_id -> Binary,
        event_id -> Binary,
        kind -> Text,
        resource -> Text,
        time -> Text,
        data -> Text,
    }
}

diesel::table! {
    audit_entries (tenant_id, audit_id) {
        tenant_id -> Binary,
        audit_id -> Binary,
        application_id -> Nullable<Binary>,
        calling_app -> Nullable<Text>,
        request_id -> Text,
        rpc -> Text,
        resource -> Text,
        outcome -> Text,
        time -> Text,
        person_id -> Nullable<Binary>,
    }
}

diesel::table! {
    outbox (tenant_id, message_id) {
        tenant_id -> Binary,
        message_id -> Binary,
        channel -> Text,
        kind -> Text,
        sealed -> Binary,
        state -> Text,
        create_time -> Text,
        due_time -> Text,
        lease_until -> Nullable<Text>,
        attempts -> Integer,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    templates (tenant_id, kind, brand, language) {
        tenant_id -> Binary,
        kind -> Text,
        brand -> Text,
        language -> Text,
        subject -> Text,
        html -> Text,
        text -> Text,
        create_time -> Text,
        update_time -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    sessions (tenant_id, session_id) {
        tenant_id -> Binary,
        session_id -> Binary,
        account_id -> Binary,
        realm_id -> Binary,
        application_id -> Binary,
        restriction -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        bearer_hash -> Binary,
        create_time -> Text,
        refresh_time -> Text,
        bearer_expire_time -> Text,
        expire_time -> Text,
        revoke_time -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (tenant_id, hash) {
        tenant_id -> Binary,
        hash -> Binary,
        session_id -> Binary,
        parent_hash -> Nullable<Binary>,
        expire_time -> Text,
        use_time -> Nullable<Text>,
        use_request_id -> Nullable<Binary>,
    }
}

diesel::table! {
    login_failures (tenant_id, guard) {
        tenant_id -> Binary,
        guard -> Binary,
        failures -> Integer,
        failure_time -> Text,
        wait_until -> Nullable<Text>,
    }
}

diesel::table! {
    known_addresses (tenant_id, account_id, address) {
        tenant_id -> Binary,
        account_id -> Binary,
        address -> Binary,
        login_time -> Text,
    }
}

diesel::table! {
    verifications (tenant_id, token_id) {
        tenant_id -> Binary,
        token_id -> Binary,
        token_hash -> Binary,
        verification_hash -> Binary,
        account_id -> Binary,
        realm_id -> Binary,
        kind -> Text,
        key -> Text,
        create_time -> Text,
        expire_time -> Text,
        use_time -> Nullable<Text>,
        void_time -> Nullable<Text>,
        tries -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    identifiers,
    external_keys,
    unique_values,
    credentials,
    sessions,
    refresh_tokens,
    verifications
);
diesel::allow_tables_to_appear_in_same_query!(applications, application_keys, application_tenants, tenants);
diesel::allow_tables_to_appear_in_same_query!(contracts, contract_versions);
