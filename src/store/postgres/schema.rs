//! The tables as this engine keeps them; `migrations/postgres` makes them. Columns that no query names are left out.

diesel::table! {
    tenants (tenant_id) {
        tenant_id -> Uuid,
        tenant_number -> BigInt,
        portal_name -> Nullable<Text>,
        domain -> Nullable<Text>,
        language -> Text,
        time_zone -> Text,
        owner_account_id -> Nullable<Uuid>,
        state -> Text,
        default_contract_id -> Uuid,
        link_base -> Nullable<Text>,
        brands -> Jsonb,
        annotations -> Jsonb,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        version -> BigInt,
    }
}

diesel::table! {
    applications (application_id) {
        application_id -> Uuid,
        home_tenant_id -> Uuid,
        name -> Text,
        display_name -> Nullable<Text>,
        state -> Text,
        settings -> Jsonb,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        version -> BigInt,
    }
}

diesel::table! {
    application_keys (key_id) {
        key_id -> Uuid,
        application_id -> Uuid,
        display_name -> Nullable<Text>,
        prefix -> Text,
        hash -> Binary,
        create_time -> Timestamptz,
        expire_time -> Nullable<Timestamptz>,
        revoke_time -> Nullable<Timestamptz>,
        last_used_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    application_tenants (application_id, tenant_id) {
        application_id -> Uuid,
        tenant_id -> Uuid,
        permissions -> Jsonb,
        default_realm_id -> Nullable<Uuid>,
        default_contract_id -> Nullable<Uuid>,
        allowed_realms -> Nullable<Jsonb>,
        allowed_contracts -> Nullable<Jsonb>,
    }
}

diesel::table! {
    portal_requests (application_id, request_id) {
        application_id -> Uuid,
        request_id -> Uuid,
        fingerprint -> Binary,
        outcome -> Text,
        made_tenant_id -> Uuid,
        made_account_id -> Uuid,
        create_time -> Timestamptz,
        expire_time -> Timestamptz,
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
        tenant_id -> Uuid,
        realm_id -> Uuid,
        name -> Text,
        display_name -> Nullable<Text>,
        kind -> Text,
        state -> Text,
        rules -> Jsonb,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        version -> BigInt,
    }
}

diesel::table! {
    contracts (tenant_id, contract_id) {
        tenant_id -> Uuid,
        contract_id -> Uuid,
        name -> Text,
        version -> Integer,
        create_time -> Timestamptz,
    }
}

diesel::table! {
    contract_versions (tenant_id, contract_id, version) {
        tenant_id -> Uuid,
        contract_id -> Uuid,
        version -> Integer,
        terms -> Jsonb,
        create_time -> Timestamptz,
    }
}

diesel::table! {
    accounts (tenant_id, account_id) {
        tenant_id -> Uuid,
        account_id -> Uuid,
        account_number -> BigInt,
        realm_id -> Uuid,
        contract_id -> Uuid,
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
        email_verify_time -> Nullable<Timestamptz>,
        phone -> Nullable<Text>,
        phone_key -> Nullable<Text>,
        phone_verify_time -> Nullable<Timestamptz>,
        state -> Text,
        verification_required -> Bool,
        password_set -> Bool,
        password_change_required -> Bool,
        external_keys -> Jsonb,
        consents -> Jsonb,
        origin -> Jsonb,
        roles -> Jsonb,
        attributes -> Jsonb,
        annotations -> Jsonb,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        delete_time -> Nullable<Timestamptz>,
        purge_time -> Nullable<Timestamptz>,
        version -> BigInt,
    }
}

diesel::table! {
    identifiers (tenant_id, account_id, kind, key) {
        tenant_id -> Uuid,
        realm_id -> Uuid,
        kind -> Text,
        key -> Text,
        account_id -> Uuid,
        held -> Bool,
        verify_time -> Nullable<Timestamptz>,
        expire_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    unique_values (tenant_id, contract_id, path, key) {
        tenant_id -> Uuid,
        contract_id -> Uuid,
        path -> Text,
        key -> Text,
        account_id -> Uuid,
    }
}

diesel::table! {
    external_keys (tenant_id, key_type, key) {
        tenant_id -> Uuid,
        key_type -> Text,
        key -> Text,
        account_id -> Uuid,
    }
}

diesel::table! {
    consents (tenant_id, account_id, document, version, accept_time) {
        tenant_id -> Uuid,
        account_id -> Uuid,
        document -> Text,
        version -> Text,
        accept_time -> Timestamptz,
        accepted -> Bool,
    }
}

diesel::table! {
    credentials (tenant_id, account_id) {
        tenant_id -> Uuid,
        account_id -> Uuid,
        phc -> Text,
        update_time -> Timestamptz,
    }
}

diesel::table! {
    requests (tenant_id, application_id, rpc, request_id) {
        tenant_id -> Uuid,
        application_id -> Uuid,
        rpc -> Text,
        request_id -> Uuid,
        fingerprint -> Binary,
        outcome -> Text,
        made_tenant_id -> Uuid,
        made_account_id -> Uuid,
        create_time -> Timestamptz,
        expire_time -> Timestamptz,
    }
}

diesel::table! {
    tenant_quota_uses (tenant_id, scope, key) {
        tenant_id -> Uuid,
        scope -> Text,
        key -> Text,
        used -> BigInt,
    }
}

diesel::table! {
    events (tenant_id, event_id) {
        tenant_id -> Uuid,
        event_id -> Uuid,
        kind -> Text,
        resource -> Text,
        time -> Timestamptz,
        data -> Jsonb,
    }
}

diesel::table! {
    audit_entries (tenant_id, audit_id) {
        tenant_id -> Uuid,
        audit_id -> Uuid,
        application_id -> Nullable<Uuid>,
        calling_app -> Nullable<Text>,
        request_id -> Text,
        rpc -> Text,
        resource -> Text,
        outcome -> Text,
        time -> Timestamptz,
        person_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    outbox (tenant_id, message_id) {
        tenant_id -> Uuid,
        message_id -> Uuid,
        channel -> Text,
        kind -> Text,
        sealed -> Binary,
        state -> Text,
        create_time -> Timestamptz,
        due_time -> Timestamptz,
        lease_until -> Nullable<Timestamptz>,
        attempts -> Integer,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    templates (tenant_id, kind, brand, language) {
        tenant_id -> Uuid,
        kind -> Text,
        brand -> Text,
        language -> Text,
        subject -> Text,
        html -> Text,
        text -> Text,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        version -> BigInt,
    }
}

diesel::table! {
    sessions (tenant_id, session_id) {
        tenant_id -> Uuid,
        session_id -> Uuid,
        account_id -> Uuid,
        realm_id -> Uuid,
        application_id -> Uuid,
        restriction -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        bearer_hash -> Binary,
        create_time -> Timestamptz,
        refresh_time -> Timestamptz,
        bearer_expire_time -> Timestamptz,
        expire_time -> Timestamptz,
        revoke_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    refresh_tokens (tenant_id, hash) {
        tenant_id -> Uuid,
        hash -> Binary,
        session_id -> Uuid,
        parent_hash -> Nullable<Binary>,
        expire_time -> Timestamptz,
        use_time -> Nullable<Timestamptz>,
        use_request_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    login_failures (tenant_id, guard) {
        tenant_id -> Uuid,
        guard -> Binary,
        failures -> Integer,
        failure_time -> Timestamptz,
        wait_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    known_addresses (tenant_id, account_id, address) {
        tenant_id -> Uuid,
        account_id -> Uuid,
        address -> Binary,
        login_time -> Timestamptz,
    }
}

diesel::table! {
    verifications (tenant_id, token_id) {
        tenant_id -> Uuid,
        token_id -> Uuid,
        token_hash -> Binary,
        verification_hash -> Binary,
        account_id -> Uuid,
        realm_id -> Uuid,
        kind -> Text,
        key -> Text,
        create_time -> Timestamptz,
        expire_time -> Timestamptz,
        use_time -> Nullable<Timestamptz>,
        void_time -> Nullable<Timestamptz>,
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
