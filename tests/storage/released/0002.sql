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
INSERT INTO "aliases" VALUES('als_jmaxxx3m45rmd6qxpwds','team_4aitcqtvkxvac4ydagvg','kept-too','mdl_nue45f6x26eggmwmvgk7',1,1795309793087,1795309793087,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1795309791973,'system','team.create','ok','default','team_mmczh5dg6epp3aj62u5c',NULL,'{"action":"team.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"id":"team_mmczh5dg6epp3aj62u5c","name":"default"},"after_sha256":"cf78f9aea1ef360cb5ff0e2b96925ba643a8c0de88fe8443687001262913cdb8","at":"2026-11-22T01:09:51.973Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6ae5-7739-b2fa-fa12e6867be6","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","reason":null,"repeated":0,"request_id":null,"sealed_with":"db7cb686","seq":1,"status":200,"target":{"kind":"team","name":"default","rev_after":1,"rev_before":null,"team":"default","uid":"team_mmczh5dg6epp3aj62u5c"}}','00f3e2c91ea74a4cb36ee6870d989bcdc72cc99d02ded0637fb0b1bb8c7cf0d8');
INSERT INTO "audit" VALUES(2,1795309792188,'system','model.create','ok','default','mdl_klk5brbkn6kfm6hueqjd',NULL,'{"action":"model.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"description":"Built in: repeats what it is told.","name":"echo","protected":false,"state":"active","stream_usage":true,"task":"chat","team_id":"team_mmczh5dg6epp3aj62u5c","uid":"mdl_klk5brbkn6kfm6hueqjd"},"after_sha256":"6724e1485bca50c8b16bbdb3bff18ba48ee0a98fe7ce5a0fed98e954d809fb17","at":"2026-11-22T01:09:52.188Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6bbc-761b-b013-e75ee002f0a6","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"00f3e2c91ea74a4cb36ee6870d989bcdc72cc99d02ded0637fb0b1bb8c7cf0d8","reason":null,"repeated":0,"request_id":null,"sealed_with":"db7cb686","seq":2,"status":200,"target":{"kind":"model","name":"echo","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_klk5brbkn6kfm6hueqjd"}}','5dbd5d495adf90e437f6d66dce874477361ec7fb6868f042c47f87184924c19e');
INSERT INTO "audit" VALUES(3,1795309792188,'system','endpoint.create','ok','default','ep_uy5qbfcum4dxjfdzhvwg',NULL,'{"action":"endpoint.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"base_url":"http://127.0.0.1:32865/v1","enabled":true,"id":"ep_uy5qbfcum4dxjfdzhvwg","model_uid":"mdl_klk5brbkn6kfm6hueqjd","organization_headers":true,"weight":1},"after_sha256":"e66620b683f3d6a8a746516b8c541dd8e2699ab06c22f6d2af8dbb17ec2d56fb","at":"2026-11-22T01:09:52.188Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6bbc-75b0-8f7b-c6b973832a0f","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"5dbd5d495adf90e437f6d66dce874477361ec7fb6868f042c47f87184924c19e","reason":null,"repeated":0,"request_id":null,"sealed_with":"db7cb686","seq":3,"status":200,"target":{"kind":"endpoint","name":"http://127.0.0.1:32865/v1","rev_after":1,"rev_before":null,"team":"default","uid":"ep_uy5qbfcum4dxjfdzhvwg"}}','66c873ba9823fc09e4cee26af707b41ae52ce370549c94b3ec65fe501e4a2838');
INSERT INTO "audit" VALUES(4,1795309792457,'system','key.create','ok',NULL,'key_r6datx2tkmznaxg4wyo3',NULL,'{"action":"key.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"env":"live","key_id":"mffcx5v2iw","limited":false,"name":"first administrator","role":"admin"},"after_sha256":"73caaa4d0e50b2f0b76bf91e419e0fae0a94549c5c07691d08e02b6394408a2f","at":"2026-11-22T01:09:52.457Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6cc9-75b4-bec7-bc6180dc6c99","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"66c873ba9823fc09e4cee26af707b41ae52ce370549c94b3ec65fe501e4a2838","reason":"the first key of the installation","repeated":0,"request_id":null,"sealed_with":"db7cb686","seq":4,"status":200,"target":{"kind":"key","name":"first administrator","rev_after":1,"rev_before":null,"team":null,"uid":"key_r6datx2tkmznaxg4wyo3"}}','4e6c8f068fb574e9f86fd0c52b1ef94b345f15bb7da71c6a869fc4145d65015d');
INSERT INTO "audit" VALUES(5,1795309792843,'key_r6datx2tkmznaxg4wyo3','team.create','ok','research','team_4aitcqtvkxvac4ydagvg','1dae47d7-2dd3-407b-a7d6-146a015399ac','{"action":"team.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"description":"für alle","id":"team_4aitcqtvkxvac4ydagvg","name":"research"},"after_sha256":"dd25446af739a342b8d4f929903039d3503ffa0f267793142bfb47b89b4a59a7","at":"2026-11-22T01:09:52.843Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6e4b-7990-957c-28b7a37cd99a","idempotency_key":"4690a826de9ecf5a0e7a750e8b207d0d","operation_id":null,"outcome":"ok","prev_hash":"4e6c8f068fb574e9f86fd0c52b1ef94b345f15bb7da71c6a869fc4145d65015d","reason":null,"repeated":0,"request_id":"1dae47d7-2dd3-407b-a7d6-146a015399ac","sealed_with":"db7cb686","seq":5,"status":200,"target":{"kind":"team","name":"research","rev_after":1,"rev_before":null,"team":"research","uid":"team_4aitcqtvkxvac4ydagvg"}}','05484683204b4b4bc0d286435ad1ceee395775b74bd30451e631180f5759240a');
INSERT INTO "audit" VALUES(6,1795309792905,'key_r6datx2tkmznaxg4wyo3','gateway.create','ok',NULL,'gw_zuuxb5t3zkzxvphlprrt','4227d72a-dfe8-4cd2-a25b-60d5286c7a1b','{"action":"gateway.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"gw_zuuxb5t3zkzxvphlprrt","is_default":false,"name":"eu","url":"https://gateway.example.com"},"after_sha256":"f87d44c4e564cf0bdc707fcd5ad99c493c521d42d4d370ba5a6a167c05117f3b","at":"2026-11-22T01:09:52.905Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6e89-71ba-a2f2-d7121752cbc1","idempotency_key":"e9d35eb367ff1a1ae5a29b2209715894","operation_id":null,"outcome":"ok","prev_hash":"05484683204b4b4bc0d286435ad1ceee395775b74bd30451e631180f5759240a","reason":null,"repeated":0,"request_id":"4227d72a-dfe8-4cd2-a25b-60d5286c7a1b","sealed_with":"db7cb686","seq":6,"status":200,"target":{"kind":"gateway","name":"eu","rev_after":1,"rev_before":null,"team":null,"uid":"gw_zuuxb5t3zkzxvphlprrt"}}','d85d93f98e194f892117fb07d0602a937162259a56ccc9c066eacbd6b6435bcf');
INSERT INTO "audit" VALUES(7,1795309792959,'key_r6datx2tkmznaxg4wyo3','model.create','ok','research','mdl_nue45f6x26eggmwmvgk7','1df2c8d6-9db2-42aa-a28d-285f8fdcba51','{"action":"model.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"gateway_id":"gw_zuuxb5t3zkzxvphlprrt","name":"kept","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_4aitcqtvkxvac4ydagvg","uid":"mdl_nue45f6x26eggmwmvgk7","via":"gateway"},"after_sha256":"dd219a8b55e83d62a782c8a9b207a45377de1e7438bb1606f11567cc62be28e4","at":"2026-11-22T01:09:52.959Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6ebf-79b5-832f-8dc66047ff15","idempotency_key":"616bf446781028e29bf0907d2686d21f","operation_id":null,"outcome":"ok","prev_hash":"d85d93f98e194f892117fb07d0602a937162259a56ccc9c066eacbd6b6435bcf","reason":null,"repeated":0,"request_id":"1df2c8d6-9db2-42aa-a28d-285f8fdcba51","sealed_with":"db7cb686","seq":7,"status":200,"target":{"kind":"model","name":"kept","rev_after":1,"rev_before":null,"team":"research","uid":"mdl_nue45f6x26eggmwmvgk7"}}','8ea642390d95a6404cbc23dc3eae7b167b2d2d145bb32d1b82da7566fac7fac7');
INSERT INTO "audit" VALUES(8,1795309792999,'key_r6datx2tkmznaxg4wyo3','model.create','ok','default','mdl_dzifgvdpkqdetd7zjzk5','9248c6db-226d-4b6f-af91-830730d47e3f','{"action":"model.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"name":"bare","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_mmczh5dg6epp3aj62u5c","uid":"mdl_dzifgvdpkqdetd7zjzk5"},"after_sha256":"f207ecb08017f83b5df66529a7733756009aae5ba979a735fcdd983a64f6ab16","at":"2026-11-22T01:09:52.999Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6ee7-770f-8538-c6ead63e3c18","idempotency_key":"5ef8f910b69fd0e033f1f29e017bed84","operation_id":null,"outcome":"ok","prev_hash":"8ea642390d95a6404cbc23dc3eae7b167b2d2d145bb32d1b82da7566fac7fac7","reason":null,"repeated":0,"request_id":"9248c6db-226d-4b6f-af91-830730d47e3f","sealed_with":"db7cb686","seq":8,"status":200,"target":{"kind":"model","name":"bare","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_dzifgvdpkqdetd7zjzk5"}}','6003848dcea1790ac955c7d9f7313b93a9ac418b50e2c48095c61d595894053f');
INSERT INTO "audit" VALUES(9,1795309793087,'key_r6datx2tkmznaxg4wyo3','alias.create','ok','research','als_jmaxxx3m45rmd6qxpwds','9513ecbc-b593-4ac8-a309-3b01b7f422b6','{"action":"alias.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"als_jmaxxx3m45rmd6qxpwds","model_uid":"mdl_nue45f6x26eggmwmvgk7","name":"kept-too","team_id":"team_4aitcqtvkxvac4ydagvg"},"after_sha256":"f0f2f69c921ce66418e62409a40903d9f931e907bb2bee3facfd340ba44466da","at":"2026-11-22T01:09:53.087Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6f3f-7fa3-9c7e-5181d1aecef9","idempotency_key":"700546240e8e51ebe45e667e6ca96d72","operation_id":null,"outcome":"ok","prev_hash":"6003848dcea1790ac955c7d9f7313b93a9ac418b50e2c48095c61d595894053f","reason":null,"repeated":0,"request_id":"9513ecbc-b593-4ac8-a309-3b01b7f422b6","sealed_with":"db7cb686","seq":9,"status":200,"target":{"kind":"alias","name":"kept-too","rev_after":1,"rev_before":null,"team":"research","uid":"als_jmaxxx3m45rmd6qxpwds"}}','7c226eb74be2b1c5cc42bce1890ebf862393c49f59c9da82c762bf847ecd0559');
INSERT INTO "audit" VALUES(10,1795309793237,'key_r6datx2tkmznaxg4wyo3','key.create','ok','default','key_nsfjjhcnyndbqlw7pitd','16a876be-ca62-488e-ae93-221de49a8f58','{"action":"key.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_r6datx2tkmznaxg4wyo3","env":"live","expires_at":1803085793249,"key_id":"iavsuse4v5","limited":false,"name":"ci","role":"developer","team":"default"},"after_sha256":"cf71cc22790116c18ad3e54e8e955b4153fa9f15417b98aaf45a9e856a6abb0e","at":"2026-11-22T01:09:53.237Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-6fd5-7cda-b25c-35be52a48200","idempotency_key":"3a011fd2642e855678510f2a6788e67f","operation_id":null,"outcome":"ok","prev_hash":"7c226eb74be2b1c5cc42bce1890ebf862393c49f59c9da82c762bf847ecd0559","reason":null,"repeated":0,"request_id":"16a876be-ca62-488e-ae93-221de49a8f58","sealed_with":"db7cb686","seq":10,"status":200,"target":{"kind":"key","name":"ci","rev_after":1,"rev_before":null,"team":"default","uid":"key_nsfjjhcnyndbqlw7pitd"}}','cb77d293e8a87c8e706f740391d00fb89562eae65bc48513345865ebf64f0131');
INSERT INTO "audit" VALUES(11,1795309793329,'key_r6datx2tkmznaxg4wyo3','key.create','ok','research','key_lyqyzjdxgrmxuqbryldv','0736e672-b239-46d1-ab07-6af4b29b2ac0','{"action":"key.create","actor":{"id":"key_r6datx2tkmznaxg4wyo3","key_id":"key_r6datx2tkmznaxg4wyo3","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_r6datx2tkmznaxg4wyo3","env":"live","expires_at":1803085793344,"key_id":"2ml4j7upqy","limited":true,"models":["kept","kept-*","later"],"name":"some","role":"developer","team":"research"},"after_sha256":"82edc869c0c1dd9343736cff881dc8b2d44b7f7faee046f70d830d25f15dc4ec","at":"2026-11-22T01:09:53.329Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200cd-7031-705b-89ef-bc6687cb4724","idempotency_key":"7b3986bcfe2485d122f7e7b38712f4fd","operation_id":null,"outcome":"ok","prev_hash":"cb77d293e8a87c8e706f740391d00fb89562eae65bc48513345865ebf64f0131","reason":null,"repeated":0,"request_id":"0736e672-b239-46d1-ab07-6af4b29b2ac0","sealed_with":"db7cb686","seq":11,"status":200,"target":{"kind":"key","name":"some","rev_after":1,"rev_before":null,"team":"research","uid":"key_lyqyzjdxgrmxuqbryldv"}}','a31e2682f3d38835797f0809382f780db927e6a55f40c3d350c5ea62bb6197d7');
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
CREATE TABLE catalogue_pins (
	entry_id TEXT NOT NULL,
	body TEXT NOT NULL,
	at BIGINT NOT NULL,
	"by" TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_catalogue_pins PRIMARY KEY (entry_id)
);
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
INSERT INTO "endpoints" VALUES('ep_uy5qbfcum4dxjfdzhvwg','mdl_klk5brbkn6kfm6hueqjd','http://127.0.0.1:32865/v1',NULL,1,1,NULL,NULL,1,1,1795309792188,1795309792188,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_zuuxb5t3zkzxvphlprrt','eu','https://gateway.example.com','',0,1,1795309792905,1795309792905,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_r6datx2tkmznaxg4wyo3','4690a826de9ecf5a0e7a750e8b207d0d','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F34616974637174766B78766163347964616776672E315C22222C22637265617465645F6174223A22323032362D31312D32325430313A30393A35322E3834335A222C22757064617465645F6174223A22323032362D31312D32325430313A30393A35322E3834335A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33383932372F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F34616974637174766B7876616334796461677667222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_4aitcqtvkxvac4ydagvg.1\"", "Location": "teams/team_4aitcqtvkxvac4ydagvg"}',1795309792843);
INSERT INTO "idempotency" VALUES('key_r6datx2tkmznaxg4wyo3','e9d35eb367ff1a1ae5a29b2209715894','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F7A757578623574337A6B7A787670686C707272742E315C22222C22637265617465645F6174223A22323032362D31312D32325430313A30393A35322E3930355A222C22757064617465645F6174223A22323032362D31312D32325430313A30393A35322E3930355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F7A757578623574337A6B7A787670686C70727274222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_zuuxb5t3zkzxvphlprrt.1\"", "Location": "gateways/gw_zuuxb5t3zkzxvphlprrt"}',1795309792905);
INSERT INTO "idempotency" VALUES('key_r6datx2tkmznaxg4wyo3','616bf446781028e29bf0907d2686d21f','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F6E7565343566367832366567676D776D76676B372E315C22222C22637265617465645F6174223A22323032362D31312D32325430313A30393A35322E3935395A222C22757064617465645F6174223A22323032362D31312D32325430313A30393A35322E3935395A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F6E7565343566367832366567676D776D76676B37222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22636174616C6F6775655F6964223A6E756C6C2C22636174616C6F6775655F666C6167223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_nue45f6x26eggmwmvgk7.1\"", "Location": "models/mdl_nue45f6x26eggmwmvgk7"}',1795309792959);
INSERT INTO "idempotency" VALUES('key_r6datx2tkmznaxg4wyo3','5ef8f910b69fd0e033f1f29e017bed84','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F647A6966677664706B7164657464377A6A7A6B352E315C22222C22637265617465645F6174223A22323032362D31312D32325430313A30393A35322E3939395A222C22757064617465645F6174223A22323032362D31312D32325430313A30393A35322E3939395A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33383932372F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F647A6966677664706B7164657464377A6A7A6B35222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22636174616C6F6775655F6964223A6E756C6C2C22636174616C6F6775655F666C6167223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_dzifgvdpkqdetd7zjzk5.1\"", "Location": "models/mdl_dzifgvdpkqdetd7zjzk5"}',1795309792999);
INSERT INTO "idempotency" VALUES('key_r6datx2tkmznaxg4wyo3','700546240e8e51ebe45e667e6ca96d72','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F6A6D61787878336D3435726D64367178707764732E315C22222C22637265617465645F6174223A22323032362D31312D32325430313A30393A35332E3038375A222C22757064617465645F6174223A22323032362D31312D32325430313A30393A35332E3038375A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F6A6D61787878336D3435726D6436717870776473222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F6E7565343566367832366567676D776D76676B37222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_jmaxxx3m45rmd6qxpwds.1\"", "Location": "aliases/als_jmaxxx3m45rmd6qxpwds"}',1795309793087);
CREATE TABLE key_models (
	key_id TEXT NOT NULL,
	position INTEGER NOT NULL,
	pattern TEXT NOT NULL,
	model_uid TEXT,
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position),
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE,
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
INSERT INTO "key_models" VALUES('key_lyqyzjdxgrmxuqbryldv',0,'kept','mdl_nue45f6x26eggmwmvgk7');
INSERT INTO "key_models" VALUES('key_lyqyzjdxgrmxuqbryldv',1,'kept-*',NULL);
INSERT INTO "key_models" VALUES('key_lyqyzjdxgrmxuqbryldv',2,'later',NULL);
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
INSERT INTO "keys" VALUES('key_r6datx2tkmznaxg4wyo3','mffcx5v2iw','live','first administrator',NULL,'admin',X'F4D0F7382D69979F120DD1690D551156FD0DDE6118A41BF72F160FEA947FCDEB','9d602281',NULL,NULL,NULL,0,'[]',NULL,NULL,NULL,1795309792841,NULL,1,1795309792457,1795309792457,NULL,NULL);
INSERT INTO "keys" VALUES('key_nsfjjhcnyndbqlw7pitd','iavsuse4v5','live','ci','team_mmczh5dg6epp3aj62u5c','developer',X'75839714D73DD1096FDABB1045FFED3E4A0654258A5B1FF6815338D9008E9BB7','9d602281',NULL,NULL,NULL,0,'[]',NULL,1803085793249,NULL,NULL,'key_r6datx2tkmznaxg4wyo3',1,1795309793249,1795309793249,NULL,NULL);
INSERT INTO "keys" VALUES('key_lyqyzjdxgrmxuqbryldv','2ml4j7upqy','live','some','team_4aitcqtvkxvac4ydagvg','developer',X'498184124EE496807877B43F79260823029825825404EC367BB1B6F0093953D0','9d602281',NULL,NULL,NULL,1,'[]',NULL,1803085793344,NULL,NULL,'key_r6datx2tkmznaxg4wyo3',1,1795309793344,1795309793344,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','3');
INSERT INTO "meta" VALUES('audit_sequence','11');
INSERT INTO "meta" VALUES('audit_checkpoint','["vm:/tmp/tmpnyqg86ps/data/audit-checkpoints.jsonl", 11]');
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
INSERT INTO "models" VALUES('mdl_klk5brbkn6kfm6hueqjd','team_mmczh5dg6epp3aj62u5c','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795309792188,1795309792188,NULL,NULL);
INSERT INTO "models" VALUES('mdl_nue45f6x26eggmwmvgk7','team_4aitcqtvkxvac4ydagvg','kept','chat','active','gateway','gw_zuuxb5t3zkzxvphlprrt',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795309792959,1795309792959,NULL,NULL);
INSERT INTO "models" VALUES('mdl_dzifgvdpkqdetd7zjzk5','team_mmczh5dg6epp3aj62u5c','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795309792999,1795309792999,NULL,NULL);
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
CREATE TABLE recommendation_forgotten (
	team_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_recommendation_forgotten PRIMARY KEY (team_id)
);
CREATE TABLE registry_changes (
	id INTEGER NOT NULL,
	revision BIGINT NOT NULL,
	noun TEXT NOT NULL,
	row_id TEXT NOT NULL,
	CONSTRAINT pk_registry_changes PRIMARY KEY (id)
);
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_mmczh5dg6epp3aj62u5c');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_klk5brbkn6kfm6hueqjd');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_uy5qbfcum4dxjfdzhvwg');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_4aitcqtvkxvac4ydagvg');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_zuuxb5t3zkzxvphlprrt');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_nue45f6x26eggmwmvgk7');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_dzifgvdpkqdetd7zjzk5');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_nue45f6x26eggmwmvgk7');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_jmaxxx3m45rmd6qxpwds');
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
INSERT INTO "teams" VALUES('team_mmczh5dg6epp3aj62u5c','default','',NULL,NULL,1,1795309791973,1795309791973,NULL,NULL);
INSERT INTO "teams" VALUES('team_4aitcqtvkxvac4ydagvg','research','für alle',NULL,NULL,1,1795309792843,1795309792843,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795309800923,'default','key_r6datx2tkmznaxg4wyo3','mdl_klk5brbkn6kfm6hueqjd','echo','ep_uy5qbfcum4dxjfdzhvwg','chat.completions',200,'complete','exact',4,1,0,0,2.67022199986968189477e+01,5.52621799579355865716e+00,85,665,'7be4f879-4550-4b64-a28b-f87527198d76');
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
INSERT INTO "usage_daily" VALUES('2026-11-22','default','key_r6datx2tkmznaxg4wyo3','echo','exact',1,4,1,0,0);
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
CREATE INDEX ix_experiment_exposures_at ON experiment_exposures (at);
CREATE INDEX ix_tombstones_purged_at ON tombstones (purged_at);
CREATE INDEX ix_tombstones_team_id_name ON tombstones (team_id, name);
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE INDEX ix_operations_finished_at ON operations (finished_at);
CREATE UNIQUE INDEX uq_operations_target ON operations (target) WHERE finished_at IS NULL AND target IS NOT NULL;
CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_audit_actor ON audit (actor);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_target ON audit (target);
CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);
CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;
CREATE INDEX ix_usage_calls_at ON usage_calls (at);
CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;
CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);
CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);
CREATE INDEX ix_keys_team_id ON keys (team_id);
CREATE INDEX ix_models_catalogue_id ON models (catalogue_id);
CREATE INDEX ix_models_gateway_id ON models (gateway_id);
CREATE INDEX ix_models_purge_at ON models (purge_at);
CREATE INDEX ix_models_successor_uid ON models (successor_uid);
CREATE INDEX ix_models_sunset_at ON models (sunset_at);
CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';
CREATE INDEX ix_key_models_model_uid ON key_models (model_uid);
CREATE INDEX ix_key_models_pattern ON key_models (pattern) WHERE model_uid IS NULL;
CREATE INDEX ix_catalogue_suppressions_model_uid ON catalogue_suppressions (model_uid);
CREATE INDEX ix_catalogue_proposals_at ON catalogue_proposals (at);
CREATE INDEX ix_retired_references_model_uid ON retired_references (model_uid);
CREATE INDEX ix_endpoints_model_uid ON endpoints (model_uid);
CREATE INDEX ix_endpoints_secret_id ON endpoints (secret_id);
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
