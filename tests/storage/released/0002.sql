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
INSERT INTO "aliases" VALUES('als_bbrw2wccyxebcb7zmwyv','team_pjezghuevn6p3js4wsqj','kept-too','mdl_tove242l54qfom4e2bwm',1,1795308947309,1795308947309,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1795308946546,'system','team.create','ok','default','team_xle3a5gvhen3gfpyy3vw',NULL,'{"action":"team.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"id":"team_xle3a5gvhen3gfpyy3vw","name":"default"},"after_sha256":"9ac423563aa721741df3545d7e7b096a45cb08c3dc502b89a4f62a5630a58994","at":"2026-11-22T00:55:46.546Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-8472-7505-90a2-d9fdcce00338","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","reason":null,"repeated":0,"request_id":null,"sealed_with":"9beeb50c","seq":1,"status":200,"target":{"kind":"team","name":"default","rev_after":1,"rev_before":null,"team":"default","uid":"team_xle3a5gvhen3gfpyy3vw"}}','8a6485aef5f1457d0b8b02fec7de18b9169f005219a4cbfce54e044b758670c8');
INSERT INTO "audit" VALUES(2,1795308946663,'system','model.create','ok','default','mdl_mv7yucd4u2tkjnzozqcq',NULL,'{"action":"model.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"description":"Built in: repeats what it is told.","name":"echo","protected":false,"state":"active","stream_usage":true,"task":"chat","team_id":"team_xle3a5gvhen3gfpyy3vw","uid":"mdl_mv7yucd4u2tkjnzozqcq"},"after_sha256":"ae12bbfd9cea338e27a95e27b604a0fd31df36b32dc7cc8bbba29d3312ef5c3b","at":"2026-11-22T00:55:46.663Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-84e7-7069-8b63-788c4bc91778","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"8a6485aef5f1457d0b8b02fec7de18b9169f005219a4cbfce54e044b758670c8","reason":null,"repeated":0,"request_id":null,"sealed_with":"9beeb50c","seq":2,"status":200,"target":{"kind":"model","name":"echo","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_mv7yucd4u2tkjnzozqcq"}}','092bffc18c4615687cf59c8300c0df6d32e1a108261e9c91868feebccdcf7353');
INSERT INTO "audit" VALUES(3,1795308946663,'system','endpoint.create','ok','default','ep_76ott66tb4tkyndwacai',NULL,'{"action":"endpoint.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"base_url":"http://127.0.0.1:39291/v1","enabled":true,"id":"ep_76ott66tb4tkyndwacai","model_uid":"mdl_mv7yucd4u2tkjnzozqcq","organization_headers":true,"weight":1},"after_sha256":"158eb3d3111b73100e3c40f604c4573c07c7a25ba6aab1f7ccb6ac8e22e97679","at":"2026-11-22T00:55:46.663Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-84e7-7c8d-b914-6c8babaa03be","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"092bffc18c4615687cf59c8300c0df6d32e1a108261e9c91868feebccdcf7353","reason":null,"repeated":0,"request_id":null,"sealed_with":"9beeb50c","seq":3,"status":200,"target":{"kind":"endpoint","name":"http://127.0.0.1:39291/v1","rev_after":1,"rev_before":null,"team":"default","uid":"ep_76ott66tb4tkyndwacai"}}','3105db1d0dbaa14f30bcc881f6af4840b4e3f3ada3d3828e010fe5fa02680e0e');
INSERT INTO "audit" VALUES(4,1795308946943,'system','key.create','ok',NULL,'key_vklwu7gcvbwts4zg6zy6',NULL,'{"action":"key.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"env":"live","key_id":"gymgr5ua5f","limited":false,"name":"first administrator","role":"admin"},"after_sha256":"98d6da5b43599b6b4de468ef58f0a2dac0e505f8cd02b39747018a861a64b26f","at":"2026-11-22T00:55:46.943Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-85ff-7fcd-a194-ced116e0c4b4","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"3105db1d0dbaa14f30bcc881f6af4840b4e3f3ada3d3828e010fe5fa02680e0e","reason":"the first key of the installation","repeated":0,"request_id":null,"sealed_with":"9beeb50c","seq":4,"status":200,"target":{"kind":"key","name":"first administrator","rev_after":1,"rev_before":null,"team":null,"uid":"key_vklwu7gcvbwts4zg6zy6"}}','fc3419cf5230b14ea98f948119d23233172805f318ac27c5aab45302917d72f4');
INSERT INTO "audit" VALUES(5,1795308947191,'key_vklwu7gcvbwts4zg6zy6','team.create','ok','research','team_pjezghuevn6p3js4wsqj','d5a076ea-f4e3-4b01-af15-6ed96a23aea7','{"action":"team.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"description":"für alle","id":"team_pjezghuevn6p3js4wsqj","name":"research"},"after_sha256":"643d034bbd1cdc3f93504709b8088811d091af277a79069e24caf1af89e7b616","at":"2026-11-22T00:55:47.191Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-86f7-78d7-9f2f-9d51d4111c7d","idempotency_key":"3a16ff0ad69474c2e3562b360fc46346","operation_id":null,"outcome":"ok","prev_hash":"fc3419cf5230b14ea98f948119d23233172805f318ac27c5aab45302917d72f4","reason":null,"repeated":0,"request_id":"d5a076ea-f4e3-4b01-af15-6ed96a23aea7","sealed_with":"9beeb50c","seq":5,"status":200,"target":{"kind":"team","name":"research","rev_after":1,"rev_before":null,"team":"research","uid":"team_pjezghuevn6p3js4wsqj"}}','ee8cce5fc3184c2eac3ab82f471ab8e7ef07682cd8e384c4ae936059bad28c00');
INSERT INTO "audit" VALUES(6,1795308947215,'key_vklwu7gcvbwts4zg6zy6','gateway.create','ok',NULL,'gw_zdrj77aky5i5aa3syf3v','198f4328-aff6-4b25-a550-fbfce50d831f','{"action":"gateway.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"gw_zdrj77aky5i5aa3syf3v","is_default":false,"name":"eu","url":"https://gateway.example.com"},"after_sha256":"486efc8463baa9eb83a3db009c43c59ed668f40727bde253fbf2fea469d8c570","at":"2026-11-22T00:55:47.215Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-870f-7072-8e68-7b6562ce3590","idempotency_key":"b34430297153cbe0fa656569c3118dd4","operation_id":null,"outcome":"ok","prev_hash":"ee8cce5fc3184c2eac3ab82f471ab8e7ef07682cd8e384c4ae936059bad28c00","reason":null,"repeated":0,"request_id":"198f4328-aff6-4b25-a550-fbfce50d831f","sealed_with":"9beeb50c","seq":6,"status":200,"target":{"kind":"gateway","name":"eu","rev_after":1,"rev_before":null,"team":null,"uid":"gw_zdrj77aky5i5aa3syf3v"}}','610fab13bac474fc5d5d63b46cec1ddc3597323aaddb5f217782129acae02f0c');
INSERT INTO "audit" VALUES(7,1795308947253,'key_vklwu7gcvbwts4zg6zy6','model.create','ok','research','mdl_tove242l54qfom4e2bwm','a7981587-b7e7-417d-a2b4-b8bf95f62ad7','{"action":"model.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"gateway_id":"gw_zdrj77aky5i5aa3syf3v","name":"kept","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_pjezghuevn6p3js4wsqj","uid":"mdl_tove242l54qfom4e2bwm","via":"gateway"},"after_sha256":"55fc25817569048ebca02df449162eb11bccaf2e0f6dacd484f356997e76133b","at":"2026-11-22T00:55:47.253Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-8735-75cd-9a5d-1780748e3a2e","idempotency_key":"98e65c3a2eeb2d28c0efb25aefd66c46","operation_id":null,"outcome":"ok","prev_hash":"610fab13bac474fc5d5d63b46cec1ddc3597323aaddb5f217782129acae02f0c","reason":null,"repeated":0,"request_id":"a7981587-b7e7-417d-a2b4-b8bf95f62ad7","sealed_with":"9beeb50c","seq":7,"status":200,"target":{"kind":"model","name":"kept","rev_after":1,"rev_before":null,"team":"research","uid":"mdl_tove242l54qfom4e2bwm"}}','d681e381607da636ba1adb5c392fd99be46b3d81b919f595af8441a130aba5a4');
INSERT INTO "audit" VALUES(8,1795308947281,'key_vklwu7gcvbwts4zg6zy6','model.create','ok','default','mdl_uzmtewdx4chacffwj3mo','6d43138e-8264-4015-a0ad-f0d40371ca90','{"action":"model.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"name":"bare","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_xle3a5gvhen3gfpyy3vw","uid":"mdl_uzmtewdx4chacffwj3mo"},"after_sha256":"a357a9dafabb64e5fbd42c42106b685cc2f471d2b027560fec9507aadb22b582","at":"2026-11-22T00:55:47.281Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-8751-7298-bebe-0c609cc9dce0","idempotency_key":"cdbaf289f9256c8d8817420bdda0e208","operation_id":null,"outcome":"ok","prev_hash":"d681e381607da636ba1adb5c392fd99be46b3d81b919f595af8441a130aba5a4","reason":null,"repeated":0,"request_id":"6d43138e-8264-4015-a0ad-f0d40371ca90","sealed_with":"9beeb50c","seq":8,"status":200,"target":{"kind":"model","name":"bare","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_uzmtewdx4chacffwj3mo"}}','b4683932957ad6dc231642bf234f228e00374f335f2a3c8bb7f251eefd562b28');
INSERT INTO "audit" VALUES(9,1795308947309,'key_vklwu7gcvbwts4zg6zy6','alias.create','ok','research','als_bbrw2wccyxebcb7zmwyv','6283a052-2b35-482b-af8c-2ce1b23f275a','{"action":"alias.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"als_bbrw2wccyxebcb7zmwyv","model_uid":"mdl_tove242l54qfom4e2bwm","name":"kept-too","team_id":"team_pjezghuevn6p3js4wsqj"},"after_sha256":"ae7c3e6aad3a4de9d0073d14326c5db809ab089a44070693ab8b7c560c60ca63","at":"2026-11-22T00:55:47.309Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-876d-7a0a-b493-797279133113","idempotency_key":"20b2fd57b2a856b1acb88ad5286ec28b","operation_id":null,"outcome":"ok","prev_hash":"b4683932957ad6dc231642bf234f228e00374f335f2a3c8bb7f251eefd562b28","reason":null,"repeated":0,"request_id":"6283a052-2b35-482b-af8c-2ce1b23f275a","sealed_with":"9beeb50c","seq":9,"status":200,"target":{"kind":"alias","name":"kept-too","rev_after":1,"rev_before":null,"team":"research","uid":"als_bbrw2wccyxebcb7zmwyv"}}','73bf4a638f1e9ddd07e8a60fa3cc9ffb4df54752029c306ce0795fbcd58b94ab');
INSERT INTO "audit" VALUES(10,1795308947339,'key_vklwu7gcvbwts4zg6zy6','key.create','ok','default','key_egeakkqqv5m4sb64glhu','e1c6e5d0-6184-4523-aee1-d8500def8a9f','{"action":"key.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_vklwu7gcvbwts4zg6zy6","env":"live","expires_at":1803084947342,"key_id":"uia7xmb7by","limited":false,"name":"ci","role":"developer","team":"default"},"after_sha256":"cedfe4d1db0e09ce284b9b3c418714ba0822aae58086d7aa842bfdf53ef85812","at":"2026-11-22T00:55:47.339Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-878b-7702-b4c6-14fdaf14a436","idempotency_key":"c44143ad23a29a10457c26b1e0c58c1e","operation_id":null,"outcome":"ok","prev_hash":"73bf4a638f1e9ddd07e8a60fa3cc9ffb4df54752029c306ce0795fbcd58b94ab","reason":null,"repeated":0,"request_id":"e1c6e5d0-6184-4523-aee1-d8500def8a9f","sealed_with":"9beeb50c","seq":10,"status":200,"target":{"kind":"key","name":"ci","rev_after":1,"rev_before":null,"team":"default","uid":"key_egeakkqqv5m4sb64glhu"}}','5a64190d333cbbb12744d78b13b2372436cbdfdf99d816b8ed5e06f3d5790f84');
INSERT INTO "audit" VALUES(11,1795308947357,'key_vklwu7gcvbwts4zg6zy6','key.create','ok','research','key_n6t7o56jduekv4o4qex5','c36c94b4-781c-4326-a788-1e6a723162d1','{"action":"key.create","actor":{"id":"key_vklwu7gcvbwts4zg6zy6","key_id":"key_vklwu7gcvbwts4zg6zy6","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_vklwu7gcvbwts4zg6zy6","env":"live","expires_at":1803084947359,"key_id":"qku2hsv23n","limited":true,"models":["kept","kept-*","later"],"name":"some","role":"developer","team":"research"},"after_sha256":"e4ad723fae0392a87f6d740fa9fe15001e0ea7b11e0fef4ed55941188301fcef","at":"2026-11-22T00:55:47.357Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a200c0-879d-773a-b137-9c943f06f06f","idempotency_key":"d2b4b6a010b7878d11c968e0846d9f13","operation_id":null,"outcome":"ok","prev_hash":"5a64190d333cbbb12744d78b13b2372436cbdfdf99d816b8ed5e06f3d5790f84","reason":null,"repeated":0,"request_id":"c36c94b4-781c-4326-a788-1e6a723162d1","sealed_with":"9beeb50c","seq":11,"status":200,"target":{"kind":"key","name":"some","rev_after":1,"rev_before":null,"team":"research","uid":"key_n6t7o56jduekv4o4qex5"}}','1d639fca5b80cf39ab474e7ec46007c138fe322dd49de3cebd912a60b985ef00');
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
INSERT INTO "endpoints" VALUES('ep_76ott66tb4tkyndwacai','mdl_mv7yucd4u2tkjnzozqcq','http://127.0.0.1:39291/v1',NULL,1,1,NULL,NULL,1,1,1795308946663,1795308946663,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_zdrj77aky5i5aa3syf3v','eu','https://gateway.example.com','',0,1,1795308947215,1795308947215,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_vklwu7gcvbwts4zg6zy6','3a16ff0ad69474c2e3562b360fc46346','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F706A657A67687565766E3670336A73347773716A2E315C22222C22637265617465645F6174223A22323032362D31312D32325430303A35353A34372E3139315A222C22757064617465645F6174223A22323032362D31312D32325430303A35353A34372E3139315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A34323136392F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F706A657A67687565766E3670336A73347773716A222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_pjezghuevn6p3js4wsqj.1\"", "Location": "teams/team_pjezghuevn6p3js4wsqj"}',1795308947191);
INSERT INTO "idempotency" VALUES('key_vklwu7gcvbwts4zg6zy6','b34430297153cbe0fa656569c3118dd4','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F7A64726A3737616B7935693561613373796633762E315C22222C22637265617465645F6174223A22323032362D31312D32325430303A35353A34372E3231355A222C22757064617465645F6174223A22323032362D31312D32325430303A35353A34372E3231355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F7A64726A3737616B793569356161337379663376222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_zdrj77aky5i5aa3syf3v.1\"", "Location": "gateways/gw_zdrj77aky5i5aa3syf3v"}',1795308947215);
INSERT INTO "idempotency" VALUES('key_vklwu7gcvbwts4zg6zy6','98e65c3a2eeb2d28c0efb25aefd66c46','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F746F76653234326C353471666F6D34653262776D2E315C22222C22637265617465645F6174223A22323032362D31312D32325430303A35353A34372E3235335A222C22757064617465645F6174223A22323032362D31312D32325430303A35353A34372E3235335A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F746F76653234326C353471666F6D34653262776D222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22636174616C6F6775655F6964223A6E756C6C2C22636174616C6F6775655F666C6167223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_tove242l54qfom4e2bwm.1\"", "Location": "models/mdl_tove242l54qfom4e2bwm"}',1795308947253);
INSERT INTO "idempotency" VALUES('key_vklwu7gcvbwts4zg6zy6','cdbaf289f9256c8d8817420bdda0e208','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F757A6D746577647834636861636666776A336D6F2E315C22222C22637265617465645F6174223A22323032362D31312D32325430303A35353A34372E3238315A222C22757064617465645F6174223A22323032362D31312D32325430303A35353A34372E3238315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A34323136392F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F757A6D746577647834636861636666776A336D6F222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22636174616C6F6775655F6964223A6E756C6C2C22636174616C6F6775655F666C6167223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_uzmtewdx4chacffwj3mo.1\"", "Location": "models/mdl_uzmtewdx4chacffwj3mo"}',1795308947281);
INSERT INTO "idempotency" VALUES('key_vklwu7gcvbwts4zg6zy6','20b2fd57b2a856b1acb88ad5286ec28b','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F6262727732776363797865626362377A6D7779762E315C22222C22637265617465645F6174223A22323032362D31312D32325430303A35353A34372E3330395A222C22757064617465645F6174223A22323032362D31312D32325430303A35353A34372E3330395A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F6262727732776363797865626362377A6D777976222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F746F76653234326C353471666F6D34653262776D222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_bbrw2wccyxebcb7zmwyv.1\"", "Location": "aliases/als_bbrw2wccyxebcb7zmwyv"}',1795308947309);
CREATE TABLE key_models (
	key_id TEXT NOT NULL,
	position INTEGER NOT NULL,
	pattern TEXT NOT NULL,
	model_uid TEXT,
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position),
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE,
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
INSERT INTO "key_models" VALUES('key_n6t7o56jduekv4o4qex5',0,'kept','mdl_tove242l54qfom4e2bwm');
INSERT INTO "key_models" VALUES('key_n6t7o56jduekv4o4qex5',1,'kept-*',NULL);
INSERT INTO "key_models" VALUES('key_n6t7o56jduekv4o4qex5',2,'later',NULL);
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
INSERT INTO "keys" VALUES('key_vklwu7gcvbwts4zg6zy6','gymgr5ua5f','live','first administrator',NULL,'admin',X'D45BC90AAD509B47438F72C1F346C894CC3CB53AE31AD4E03A1BE2E560B6583C','505a51f4',NULL,NULL,NULL,0,'[]',NULL,NULL,NULL,1795308947188,NULL,1,1795308946943,1795308946943,NULL,NULL);
INSERT INTO "keys" VALUES('key_egeakkqqv5m4sb64glhu','uia7xmb7by','live','ci','team_xle3a5gvhen3gfpyy3vw','developer',X'481F50E1FA94AF5F95A50B32D88E78E20CE8A273648E37392E89F216836E9651','505a51f4',NULL,NULL,NULL,0,'[]',NULL,1803084947342,NULL,NULL,'key_vklwu7gcvbwts4zg6zy6',1,1795308947342,1795308947342,NULL,NULL);
INSERT INTO "keys" VALUES('key_n6t7o56jduekv4o4qex5','qku2hsv23n','live','some','team_pjezghuevn6p3js4wsqj','developer',X'F42E37DF37C9F6A7D2AF4FA3F4EF8CFAF3984C65163AB9DC1BE339EFFB4EAAFE','505a51f4',NULL,NULL,NULL,1,'[]',NULL,1803084947359,NULL,NULL,'key_vklwu7gcvbwts4zg6zy6',1,1795308947359,1795308947359,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','3');
INSERT INTO "meta" VALUES('audit_sequence','11');
INSERT INTO "meta" VALUES('audit_checkpoint','["vm:/tmp/tmpwluhojpo/data/audit-checkpoints.jsonl", 11]');
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
INSERT INTO "models" VALUES('mdl_mv7yucd4u2tkjnzozqcq','team_xle3a5gvhen3gfpyy3vw','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795308946663,1795308946663,NULL,NULL);
INSERT INTO "models" VALUES('mdl_tove242l54qfom4e2bwm','team_pjezghuevn6p3js4wsqj','kept','chat','active','gateway','gw_zdrj77aky5i5aa3syf3v',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795308947253,1795308947253,NULL,NULL);
INSERT INTO "models" VALUES('mdl_uzmtewdx4chacffwj3mo','team_xle3a5gvhen3gfpyy3vw','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795308947281,1795308947281,NULL,NULL);
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
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_xle3a5gvhen3gfpyy3vw');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_mv7yucd4u2tkjnzozqcq');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_76ott66tb4tkyndwacai');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_pjezghuevn6p3js4wsqj');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_zdrj77aky5i5aa3syf3v');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_tove242l54qfom4e2bwm');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_uzmtewdx4chacffwj3mo');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_tove242l54qfom4e2bwm');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_bbrw2wccyxebcb7zmwyv');
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
INSERT INTO "teams" VALUES('team_xle3a5gvhen3gfpyy3vw','default','',NULL,NULL,1,1795308946546,1795308946546,NULL,NULL);
INSERT INTO "teams" VALUES('team_pjezghuevn6p3js4wsqj','research','für alle',NULL,NULL,1,1795308947191,1795308947191,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795308954570,'default','key_vklwu7gcvbwts4zg6zy6','mdl_mv7yucd4u2tkjnzozqcq','echo','ep_76ott66tb4tkyndwacai','chat.completions',200,'complete','exact',4,1,0,0,2.77756380019127391278e+01,1.73825200181454420089e+00,85,665,'51e47e5e-588a-4fbb-a34a-c3666b037de5');
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
INSERT INTO "usage_daily" VALUES('2026-11-22','default','key_vklwu7gcvbwts4zg6zy6','echo','exact',1,4,1,0,0);
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
