BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
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
INSERT INTO "aliases" VALUES('als_k4fujk3sdttze3gjuywd','team_ptnoaaxqdgchjkgxo7uy','kept-too','mdl_2z7ym2kdsi6f2psshscg',1,1795283180125,1795283180125,NULL,NULL);
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
INSERT INTO "endpoints" VALUES('ep_kalzia7x5lvysr4twhmx','mdl_leij4s753jgljndwhlfe','http://127.0.0.1:41701/v1',NULL,1,1,NULL,NULL,1,1,1795283178054,1795283178054,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_j3uktrsizks4shrnffq6','eu','https://gateway.example.com','',0,1,1795283179302,1795283179302,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_2ar42gtfk2sphz55mpgg','3c303665e2d76ce08f1b9a7604c25649','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F70746E6F61617871646763686A6B67786F3775792E315C22222C22637265617465645F6174223A22323032362D31312D32315431373A34363A31392E3039315A222C22757064617465645F6174223A22323032362D31312D32315431373A34363A31392E3039315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33343234352F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F70746E6F61617871646763686A6B67786F377579222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_ptnoaaxqdgchjkgxo7uy.1\"", "Location": "teams/team_ptnoaaxqdgchjkgxo7uy"}',1795283179091);
INSERT INTO "idempotency" VALUES('key_2ar42gtfk2sphz55mpgg','f4b8cc087c4dbeaab6d00f418cdb6a6f','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F6A33756B747273697A6B73347368726E666671362E315C22222C22637265617465645F6174223A22323032362D31312D32315431373A34363A31392E3330325A222C22757064617465645F6174223A22323032362D31312D32315431373A34363A31392E3330325A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F6A33756B747273697A6B73347368726E66667136222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_j3uktrsizks4shrnffq6.1\"", "Location": "gateways/gw_j3uktrsizks4shrnffq6"}',1795283179302);
INSERT INTO "idempotency" VALUES('key_2ar42gtfk2sphz55mpgg','0536728b563dc83deb911bd48f73e1af','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F327A37796D326B647369366632707373687363672E315C22222C22637265617465645F6174223A22323032362D31312D32315431373A34363A31392E3432315A222C22757064617465645F6174223A22323032362D31312D32315431373A34363A31392E3432315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F327A37796D326B64736936663270737368736367222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_2z7ym2kdsi6f2psshscg.1\"", "Location": "models/mdl_2z7ym2kdsi6f2psshscg"}',1795283179421);
INSERT INTO "idempotency" VALUES('key_2ar42gtfk2sphz55mpgg','73caf9e93ea53f0570c49b3b7ceca8a7','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F376574667168366C67646A7061616D61653533352E315C22222C22637265617465645F6174223A22323032362D31312D32315431373A34363A31392E3838385A222C22757064617465645F6174223A22323032362D31312D32315431373A34363A31392E3838385A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33343234352F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F376574667168366C67646A7061616D6165353335222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_7etfqh6lgdjpaamae535.1\"", "Location": "models/mdl_7etfqh6lgdjpaamae535"}',1795283179888);
INSERT INTO "idempotency" VALUES('key_2ar42gtfk2sphz55mpgg','1f943ddeac50d6369f416df15c5177a2','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F6B3466756A6B33736474747A6533676A757977642E315C22222C22637265617465645F6174223A22323032362D31312D32315431373A34363A32302E3132355A222C22757064617465645F6174223A22323032362D31312D32315431373A34363A32302E3132355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F6B3466756A6B33736474747A6533676A75797764222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F327A37796D326B64736936663270737368736367222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_k4fujk3sdttze3gjuywd.1\"", "Location": "aliases/als_k4fujk3sdttze3gjuywd"}',1795283180125);
CREATE TABLE key_models (
	key_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	pattern TEXT NOT NULL, 
	model_uid TEXT, 
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position), 
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE, 
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
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
INSERT INTO "keys" VALUES('key_2ar42gtfk2sphz55mpgg','yceqnkaozo','live','first administrator',NULL,'admin',X'89592E51B52323D9BF3FBFF04485B5BEA570545579214837905962E783103E03','3a1c1d56',NULL,NULL,NULL,0,'[]',NULL,NULL,1795283179089,NULL,1,1795283178183,1795283178183,NULL,NULL);
INSERT INTO "keys" VALUES('key_ululz3fpy6mufslt67ji','wd7a2thyzz','live','ci','team_mpx6a3eryoyjsscoykm7','developer',X'5658FB873B21B4168FD97C61F46DEE9B5126FCCD1741B0846898600F73BA190B','3a1c1d56',NULL,NULL,NULL,0,'[]',1803059180286,NULL,NULL,'key_2ar42gtfk2sphz55mpgg',1,1795283180286,1795283180286,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','2');
INSERT INTO "meta" VALUES('audit_sequence','0');
CREATE TABLE model_fallbacks (
	model_uid TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	fallback_uid TEXT NOT NULL, 
	CONSTRAINT pk_model_fallbacks PRIMARY KEY (model_uid, position), 
	CONSTRAINT fk_model_fallbacks_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE CASCADE, 
	CONSTRAINT fk_model_fallbacks_fallback_uid FOREIGN KEY(fallback_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
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
	CONSTRAINT fk_models_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE RESTRICT, 
	CONSTRAINT fk_models_gateway_id FOREIGN KEY(gateway_id) REFERENCES gateways (id) ON DELETE RESTRICT, 
	CONSTRAINT fk_models_successor_uid FOREIGN KEY(successor_uid) REFERENCES models (uid) ON DELETE SET NULL
);
INSERT INTO "models" VALUES('mdl_leij4s753jgljndwhlfe','team_mpx6a3eryoyjsscoykm7','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795283178054,1795283178054,NULL,NULL);
INSERT INTO "models" VALUES('mdl_2z7ym2kdsi6f2psshscg','team_ptnoaaxqdgchjkgxo7uy','kept','chat','active','gateway','gw_j3uktrsizks4shrnffq6',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795283179421,1795283179421,NULL,NULL);
INSERT INTO "models" VALUES('mdl_7etfqh6lgdjpaamae535','team_mpx6a3eryoyjsscoykm7','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795283179888,1795283179888,NULL,NULL);
CREATE TABLE operation_items (
	operation_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	item TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	detail TEXT DEFAULT '{}' NOT NULL, 
	CONSTRAINT pk_operation_items PRIMARY KEY (operation_id, position), 
	CONSTRAINT fk_operation_items_operation_id FOREIGN KEY(operation_id) REFERENCES operations (id) ON DELETE CASCADE
);
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
	done INTEGER DEFAULT 0 NOT NULL, 
	total INTEGER, 
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
CREATE TABLE registry_changes (
	id INTEGER NOT NULL, 
	revision BIGINT NOT NULL, 
	noun TEXT NOT NULL, 
	row_id TEXT NOT NULL, 
	CONSTRAINT pk_registry_changes PRIMARY KEY (id)
);
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_mpx6a3eryoyjsscoykm7');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_leij4s753jgljndwhlfe');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_kalzia7x5lvysr4twhmx');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_ptnoaaxqdgchjkgxo7uy');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_j3uktrsizks4shrnffq6');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_2z7ym2kdsi6f2psshscg');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_7etfqh6lgdjpaamae535');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_2z7ym2kdsi6f2psshscg');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_k4fujk3sdttze3gjuywd');
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
CREATE TABLE stored_objects (
	team_id TEXT NOT NULL, 
	object_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	endpoint_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	unfinished_until BIGINT, 
	CONSTRAINT pk_stored_objects PRIMARY KEY (object_id, team_id)
);
CREATE TABLE team_defaults (
	team_id TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	endpoint_id TEXT NOT NULL, 
	CONSTRAINT pk_team_defaults PRIMARY KEY (team_id, operation), 
	CONSTRAINT fk_team_defaults_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE, 
	CONSTRAINT fk_team_defaults_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES endpoints (id) ON DELETE RESTRICT
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
INSERT INTO "teams" VALUES('team_mpx6a3eryoyjsscoykm7','default','',NULL,NULL,1,1795283177558,1795283177558,NULL,NULL);
INSERT INTO "teams" VALUES('team_ptnoaaxqdgchjkgxo7uy','research','für alle',NULL,NULL,1,1795283179091,1795283179091,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795283182472,'default','key_2ar42gtfk2sphz55mpgg','mdl_leij4s753jgljndwhlfe','echo','ep_kalzia7x5lvysr4twhmx','chat.completions',200,'complete','exact',4,1,0,0,2.14102989999446435831e+02,1.88807528000324964523e+02,85,665,'e55603a3-a73e-497a-a3f3-76d7aa5705be');
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
INSERT INTO "usage_daily" VALUES('2026-11-21','default','key_2ar42gtfk2sphz55mpgg','echo','exact',1,4,1,0,0);
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
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
CREATE INDEX ix_tombstones_team_id_name ON tombstones (team_id, name);
CREATE INDEX ix_tombstones_purged_at ON tombstones (purged_at);
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE UNIQUE INDEX uq_operations_target ON operations (target) WHERE finished_at IS NULL AND target IS NOT NULL;
CREATE INDEX ix_operations_finished_at ON operations (finished_at);
CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_audit_target ON audit (target);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_actor ON audit (actor);
CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;
CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);
CREATE INDEX ix_usage_calls_at ON usage_calls (at);
CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;
CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);
CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);
CREATE INDEX ix_keys_team_id ON keys (team_id);
CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';
CREATE INDEX ix_models_gateway_id ON models (gateway_id);
CREATE INDEX ix_models_purge_at ON models (purge_at);
CREATE INDEX ix_models_successor_uid ON models (successor_uid);
CREATE INDEX ix_key_models_model_uid ON key_models (model_uid);
CREATE INDEX ix_retired_references_model_uid ON retired_references (model_uid);
CREATE INDEX ix_endpoints_secret_id ON endpoints (secret_id);
CREATE INDEX ix_endpoints_model_uid ON endpoints (model_uid);
CREATE INDEX ix_aliases_model_uid ON aliases (model_uid);
CREATE INDEX ix_model_fallbacks_fallback_uid ON model_fallbacks (fallback_uid);
CREATE INDEX ix_team_defaults_endpoint_id ON team_defaults (endpoint_id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END;
CREATE TRIGGER aliases_living_insert BEFORE INSERT ON aliases WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;
CREATE TRIGGER aliases_living_update BEFORE UPDATE OF model_uid ON aliases WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;
CREATE TRIGGER model_fallbacks_living_insert BEFORE INSERT ON model_fallbacks WHEN (SELECT state FROM models WHERE uid = NEW.fallback_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;
CREATE TRIGGER model_fallbacks_living_update BEFORE UPDATE OF fallback_uid ON model_fallbacks WHEN (SELECT state FROM models WHERE uid = NEW.fallback_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;
CREATE TRIGGER key_models_living_insert BEFORE INSERT ON key_models WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;
CREATE TRIGGER key_models_living_update BEFORE UPDATE OF model_uid ON key_models WHEN (SELECT state FROM models WHERE uid = NEW.model_uid) IN ('draining', 'deleted') BEGIN SELECT RAISE(ABORT, 'the model is leaving'); END;
COMMIT;
