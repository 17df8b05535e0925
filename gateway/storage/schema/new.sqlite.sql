CREATE TABLE meta (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);

CREATE TABLE idempotency (
	actor TEXT NOT NULL,
	"key" TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	status INTEGER NOT NULL,
	body BLOB,
	headers TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_idempotency PRIMARY KEY (actor, "key")
);

CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);

CREATE TABLE catalogue_pins (
	entry_id TEXT NOT NULL,
	body TEXT NOT NULL,
	at BIGINT NOT NULL,
	"by" TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_catalogue_pins PRIMARY KEY (entry_id)
);

CREATE TABLE catalogue_highwater (
	hub TEXT NOT NULL,
	root_version INTEGER NOT NULL,
	serial BIGINT NOT NULL,
	timestamp_version BIGINT NOT NULL,
	signed_at BIGINT NOT NULL,
	CONSTRAINT pk_catalogue_highwater PRIMARY KEY (hub, root_version)
);

CREATE TABLE catalogue_lease (
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	until BIGINT NOT NULL,
	CONSTRAINT pk_catalogue_lease PRIMARY KEY (id)
);

CREATE TABLE experiment_exposures (
	id INTEGER NOT NULL,
	experiment TEXT NOT NULL,
	variant TEXT NOT NULL,
	unit_hash TEXT NOT NULL,
	count BIGINT DEFAULT 1 NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_experiment_exposures PRIMARY KEY (id),
	CONSTRAINT uq_experiment_exposures_experiment_variant_unit_hash UNIQUE (experiment, variant, unit_hash)
);

CREATE INDEX ix_experiment_exposures_at ON experiment_exposures (at);

CREATE TABLE recommendation_forgotten (
	team_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_recommendation_forgotten PRIMARY KEY (team_id)
);

CREATE TABLE tombstones (
	uid TEXT NOT NULL,
	team_id TEXT NOT NULL,
	team TEXT NOT NULL,
	name TEXT NOT NULL,
	reason TEXT DEFAULT '' NOT NULL,
	created_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL,
	purged_at BIGINT NOT NULL,
	name_free_at BIGINT NOT NULL,
	audit_hash TEXT NOT NULL,
	CONSTRAINT pk_tombstones PRIMARY KEY (uid)
);

CREATE INDEX ix_tombstones_purged_at ON tombstones (purged_at);

CREATE INDEX ix_tombstones_team_id_name ON tombstones (team_id, name);

CREATE TABLE operations (
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	state TEXT NOT NULL,
	team TEXT,
	actor TEXT NOT NULL,
	target TEXT,
	target_name TEXT,
	parameters TEXT DEFAULT '{}' NOT NULL,
	cursor TEXT,
	done BIGINT DEFAULT 0 NOT NULL,
	total BIGINT,
	failed INTEGER DEFAULT 0 NOT NULL,
	result TEXT,
	error TEXT,
	cancel_requested BOOLEAN DEFAULT false NOT NULL,
	lease_owner TEXT,
	lease_until BIGINT,
	due_at BIGINT,
	finished_at BIGINT,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_operations PRIMARY KEY (id)
);

CREATE INDEX ix_operations_created_at ON operations (created_at);

CREATE INDEX ix_operations_finished_at ON operations (finished_at);

CREATE UNIQUE INDEX uq_operations_target ON operations (target) WHERE finished_at IS NULL AND target IS NOT NULL;

CREATE TABLE workers (
	id TEXT NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	role TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	heartbeat_at BIGINT NOT NULL,
	seen_version BIGINT NOT NULL,
	inflight TEXT DEFAULT '{}' NOT NULL,
	CONSTRAINT pk_workers PRIMARY KEY (id)
);

CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);

CREATE TABLE audit (
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	outcome TEXT NOT NULL,
	team TEXT,
	target TEXT,
	request_id TEXT,
	record TEXT NOT NULL,
	hash TEXT NOT NULL,
	CONSTRAINT pk_audit PRIMARY KEY (seq)
);

CREATE INDEX ix_audit_action ON audit (action);

CREATE INDEX ix_audit_actor ON audit (actor);

CREATE INDEX ix_audit_at ON audit (at);

CREATE INDEX ix_audit_target ON audit (target);

CREATE TABLE stored_objects (
	team_id TEXT NOT NULL,
	object_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	endpoint_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	unfinished_until BIGINT,
	CONSTRAINT pk_stored_objects PRIMARY KEY (object_id, team_id)
);

CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);

CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;

CREATE TABLE usage_calls (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	team TEXT NOT NULL,
	key_id TEXT NOT NULL,
	model_uid TEXT NOT NULL,
	model TEXT NOT NULL,
	endpoint_id TEXT,
	operation TEXT NOT NULL,
	status INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	source TEXT NOT NULL,
	input_tokens BIGINT,
	output_tokens BIGINT,
	cached_tokens BIGINT,
	reasoning_tokens BIGINT,
	duration_ms FLOAT NOT NULL,
	ttfb_ms FLOAT,
	bytes_in BIGINT NOT NULL,
	bytes_out BIGINT NOT NULL,
	request_id TEXT NOT NULL,
	CONSTRAINT pk_usage_calls PRIMARY KEY (id)
);

CREATE INDEX ix_usage_calls_at ON usage_calls (at);

CREATE TABLE usage_daily (
	day TEXT NOT NULL,
	team TEXT NOT NULL,
	key_id TEXT NOT NULL,
	model TEXT NOT NULL,
	source TEXT NOT NULL,
	requests BIGINT NOT NULL,
	input_tokens BIGINT NOT NULL,
	output_tokens BIGINT NOT NULL,
	cached_tokens BIGINT NOT NULL,
	reasoning_tokens BIGINT NOT NULL,
	CONSTRAINT pk_usage_daily PRIMARY KEY (day, team, key_id, model, source)
);

CREATE TABLE gateways (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	url TEXT NOT NULL,
	description TEXT DEFAULT '' NOT NULL,
	is_default BOOLEAN DEFAULT false NOT NULL,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	managed_by TEXT,
	managed_at TEXT,
	CONSTRAINT pk_gateways PRIMARY KEY (id),
	CONSTRAINT ck_gateways_managed_by CHECK (managed_by IN ('file')),
	CONSTRAINT ck_gateways_managed_at CHECK ((managed_by IS NULL) = (managed_at IS NULL)),
	CONSTRAINT uq_gateways_name UNIQUE (name)
);

CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;

CREATE TABLE secrets (
	id TEXT NOT NULL,
	owner_kind TEXT NOT NULL,
	owner_id TEXT NOT NULL,
	field TEXT NOT NULL,
	version INTEGER NOT NULL,
	kek_id TEXT NOT NULL,
	wrapped_key BLOB NOT NULL,
	nonce BLOB NOT NULL,
	ciphertext BLOB NOT NULL,
	hint TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_secrets PRIMARY KEY (id),
	CONSTRAINT uq_secrets_owner_kind_owner_id_field UNIQUE (owner_kind, owner_id, field)
);

CREATE TABLE registry_changes (
	id INTEGER NOT NULL,
	revision BIGINT NOT NULL,
	noun TEXT NOT NULL,
	row_id TEXT NOT NULL,
	CONSTRAINT pk_registry_changes PRIMARY KEY (id)
);

CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);

CREATE TABLE operation_items (
	operation_id TEXT NOT NULL,
	position INTEGER NOT NULL,
	item TEXT NOT NULL,
	outcome TEXT NOT NULL,
	detail TEXT DEFAULT '{}' NOT NULL,
	CONSTRAINT pk_operation_items PRIMARY KEY (operation_id, position),
	CONSTRAINT fk_operation_items_operation_id FOREIGN KEY(operation_id) REFERENCES operations (id) ON DELETE CASCADE
);

CREATE TABLE teams (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT DEFAULT '' NOT NULL,
	default_via TEXT,
	default_gateway_id TEXT,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	managed_by TEXT,
	managed_at TEXT,
	CONSTRAINT pk_teams PRIMARY KEY (id),
	CONSTRAINT ck_teams_default_via CHECK (default_via IN ('server', 'gateway')),
	CONSTRAINT ck_teams_default_gateway_id CHECK ((default_gateway_id IS NOT NULL) = (default_via IS NOT NULL AND default_via = 'gateway')),
	CONSTRAINT ck_teams_managed_by CHECK (managed_by IN ('file')),
	CONSTRAINT ck_teams_managed_at CHECK ((managed_by IS NULL) = (managed_at IS NULL)),
	CONSTRAINT uq_teams_name UNIQUE (name),
	CONSTRAINT fk_teams_default_gateway_id FOREIGN KEY(default_gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT
);

CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);

CREATE TABLE keys (
	id TEXT NOT NULL,
	key_id TEXT NOT NULL,
	env TEXT NOT NULL,
	name TEXT NOT NULL,
	team_id TEXT,
	role TEXT NOT NULL,
	hash BLOB NOT NULL,
	pepper_id TEXT NOT NULL,
	previous_hash BLOB,
	previous_pepper_id TEXT,
	previous_valid_until BIGINT,
	limited BOOLEAN DEFAULT false NOT NULL,
	cidrs TEXT DEFAULT '[]' NOT NULL,
	region TEXT,
	expires_at BIGINT,
	revoked_at BIGINT,
	last_used_at BIGINT,
	created_by TEXT,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	managed_by TEXT,
	managed_at TEXT,
	CONSTRAINT pk_keys PRIMARY KEY (id),
	CONSTRAINT ck_keys_managed_by CHECK (managed_by IN ('file')),
	CONSTRAINT ck_keys_managed_at CHECK ((managed_by IS NULL) = (managed_at IS NULL)),
	CONSTRAINT uq_keys_key_id UNIQUE (key_id),
	CONSTRAINT fk_keys_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE RESTRICT
);

CREATE INDEX ix_keys_team_id ON keys (team_id);

CREATE TABLE models (
	uid TEXT NOT NULL,
	team_id TEXT NOT NULL,
	name TEXT NOT NULL,
	task TEXT NOT NULL,
	state TEXT NOT NULL,
	via TEXT,
	gateway_id TEXT,
	path TEXT,
	description TEXT DEFAULT '' NOT NULL,
	stream_usage BOOLEAN DEFAULT true NOT NULL,
	first_byte_timeout_s FLOAT,
	idle_timeout_s FLOAT,
	total_timeout_s FLOAT,
	drain_for_usage_ms INTEGER,
	source_reference TEXT,
	source_digest TEXT,
	catalogue_id TEXT,
	catalogue_flag TEXT,
	state_before TEXT,
	protected BOOLEAN DEFAULT false NOT NULL,
	deprecated_at BIGINT,
	sunset_at BIGINT,
	successor_uid TEXT,
	deleted_at BIGINT,
	purge_at BIGINT,
	retire_reason TEXT DEFAULT '' NOT NULL,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	managed_by TEXT,
	managed_at TEXT,
	CONSTRAINT pk_models PRIMARY KEY (uid),
	CONSTRAINT ck_models_via CHECK (via IN ('server', 'gateway')),
	CONSTRAINT ck_models_gateway_id CHECK ((gateway_id IS NOT NULL) = (via IS NOT NULL AND via = 'gateway')),
	CONSTRAINT ck_models_managed_by CHECK (managed_by IN ('file')),
	CONSTRAINT ck_models_managed_at CHECK ((managed_by IS NULL) = (managed_at IS NULL)),
	CONSTRAINT ck_models_state CHECK (state IN ('draft', 'active', 'deprecated', 'disabled', 'draining', 'deleted')),
	CONSTRAINT ck_models_catalogue_flag CHECK (catalogue_flag IN ('orphaned')),
	CONSTRAINT fk_models_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE RESTRICT,
	CONSTRAINT fk_models_gateway_id FOREIGN KEY(gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT,
	CONSTRAINT fk_models_successor_uid FOREIGN KEY(successor_uid) REFERENCES models (uid) ON DELETE SET NULL
);

CREATE INDEX ix_models_catalogue_id ON models (catalogue_id);

CREATE INDEX ix_models_gateway_id ON models (gateway_id);

CREATE INDEX ix_models_purge_at ON models (purge_at);

CREATE INDEX ix_models_successor_uid ON models (successor_uid);

CREATE INDEX ix_models_sunset_at ON models (sunset_at);

CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';

CREATE TABLE key_models (
	key_id TEXT NOT NULL,
	position INTEGER NOT NULL,
	pattern TEXT NOT NULL,
	model_uid TEXT,
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position),
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE,
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);

CREATE INDEX ix_key_models_model_uid ON key_models (model_uid);

CREATE INDEX ix_key_models_pattern ON key_models (pattern) WHERE model_uid IS NULL;

CREATE TABLE catalogue_suppressions (
	entry_id TEXT NOT NULL,
	team TEXT DEFAULT '' NOT NULL,
	reason TEXT DEFAULT '' NOT NULL,
	"by" TEXT DEFAULT '' NOT NULL,
	at BIGINT NOT NULL,
	until BIGINT,
	model_uid TEXT,
	CONSTRAINT pk_catalogue_suppressions PRIMARY KEY (entry_id, team),
	CONSTRAINT fk_catalogue_suppressions_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE SET NULL
);

CREATE INDEX ix_catalogue_suppressions_model_uid ON catalogue_suppressions (model_uid);

CREATE TABLE catalogue_proposals (
	id TEXT NOT NULL,
	model_uid TEXT NOT NULL,
	kind TEXT NOT NULL,
	entry_id TEXT NOT NULL,
	payload TEXT DEFAULT '{}' NOT NULL,
	state TEXT NOT NULL,
	at BIGINT NOT NULL,
	decided_at BIGINT,
	decided_by TEXT,
	CONSTRAINT pk_catalogue_proposals PRIMARY KEY (id),
	CONSTRAINT uq_catalogue_proposals_model_uid_kind_payload UNIQUE (model_uid, kind, payload),
	CONSTRAINT ck_catalogue_proposals_kind CHECK (kind IN ('deprecation', 'successor', 'removal')),
	CONSTRAINT ck_catalogue_proposals_state CHECK (state IN ('open', 'applied', 'dismissed', 'withdrawn')),
	CONSTRAINT fk_catalogue_proposals_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE CASCADE
);

CREATE INDEX ix_catalogue_proposals_at ON catalogue_proposals (at);

CREATE TABLE retired_references (
	id INTEGER NOT NULL,
	model_uid TEXT NOT NULL,
	kind TEXT NOT NULL,
	ref_id TEXT NOT NULL,
	name TEXT NOT NULL,
	effect TEXT NOT NULL,
	"row" TEXT NOT NULL,
	CONSTRAINT pk_retired_references PRIMARY KEY (id),
	CONSTRAINT fk_retired_references_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE CASCADE
);

CREATE INDEX ix_retired_references_model_uid ON retired_references (model_uid);

CREATE TABLE endpoints (
	id TEXT NOT NULL,
	model_uid TEXT NOT NULL,
	base_url TEXT NOT NULL,
	upstream_model TEXT,
	weight INTEGER DEFAULT 1 NOT NULL,
	enabled BOOLEAN DEFAULT true NOT NULL,
	credential_ref TEXT,
	secret_id TEXT,
	organization_headers BOOLEAN DEFAULT true NOT NULL,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	managed_by TEXT,
	managed_at TEXT,
	CONSTRAINT pk_endpoints PRIMARY KEY (id),
	CONSTRAINT ck_endpoints_managed_by CHECK (managed_by IN ('file')),
	CONSTRAINT ck_endpoints_managed_at CHECK ((managed_by IS NULL) = (managed_at IS NULL)),
	CONSTRAINT ck_endpoints_weight CHECK (weight >= 0),
	CONSTRAINT ck_endpoints_credential CHECK (credential_ref IS NULL OR secret_id IS NULL),
	CONSTRAINT fk_endpoints_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE CASCADE,
	CONSTRAINT fk_endpoints_secret_id FOREIGN KEY(secret_id) REFERENCES secrets (id) ON DELETE RESTRICT
);

CREATE INDEX ix_endpoints_model_uid ON endpoints (model_uid);

CREATE INDEX ix_endpoints_secret_id ON endpoints (secret_id);

CREATE TABLE aliases (
	id TEXT NOT NULL,
	team_id TEXT NOT NULL,
	name TEXT NOT NULL,
	model_uid TEXT NOT NULL,
	rev INTEGER DEFAULT 1 NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	managed_by TEXT,
	managed_at TEXT,
	CONSTRAINT pk_aliases PRIMARY KEY (id),
	CONSTRAINT ck_aliases_managed_by CHECK (managed_by IN ('file')),
	CONSTRAINT ck_aliases_managed_at CHECK ((managed_by IS NULL) = (managed_at IS NULL)),
	CONSTRAINT uq_aliases_team_id_name UNIQUE (team_id, name),
	CONSTRAINT fk_aliases_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE RESTRICT,
	CONSTRAINT fk_aliases_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);

CREATE INDEX ix_aliases_model_uid ON aliases (model_uid);

CREATE TABLE model_fallbacks (
	model_uid TEXT NOT NULL,
	position INTEGER NOT NULL,
	fallback_uid TEXT NOT NULL,
	CONSTRAINT pk_model_fallbacks PRIMARY KEY (model_uid, position),
	CONSTRAINT fk_model_fallbacks_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE CASCADE,
	CONSTRAINT fk_model_fallbacks_fallback_uid FOREIGN KEY(fallback_uid) REFERENCES models (uid) ON DELETE RESTRICT
);

CREATE INDEX ix_model_fallbacks_fallback_uid ON model_fallbacks (fallback_uid);

CREATE TABLE team_defaults (
	team_id TEXT NOT NULL,
	operation TEXT NOT NULL,
	endpoint_id TEXT NOT NULL,
	CONSTRAINT pk_team_defaults PRIMARY KEY (team_id, operation),
	CONSTRAINT fk_team_defaults_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
	CONSTRAINT fk_team_defaults_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES endpoints (id) ON DELETE RESTRICT
);

CREATE INDEX ix_team_defaults_endpoint_id ON team_defaults (endpoint_id);

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END;

CREATE TRIGGER aliases_living_insert BEFORE INSERT ON aliases WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;

CREATE TRIGGER aliases_living_update BEFORE UPDATE OF model_uid ON aliases WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;

CREATE TRIGGER model_fallbacks_living_insert BEFORE INSERT ON model_fallbacks WHEN (SELECT state FROM models WHERE uid = NEW.fallback_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;

CREATE TRIGGER model_fallbacks_living_update BEFORE UPDATE OF fallback_uid ON model_fallbacks WHEN (SELECT state FROM models WHERE uid = NEW.fallback_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;

CREATE TRIGGER key_models_living_insert BEFORE INSERT ON key_models WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;

CREATE TRIGGER key_models_living_update BEFORE UPDATE OF model_uid ON key_models WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
