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
INSERT INTO "aliases" VALUES('als_yq72jta76nbkyahm5dml','team_agmm7bd6jo4cqofhhjjq','kept-too','mdl_3sd5r7ax2y7nlzaltj7v',1,1795295532185,1795295532185,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1795295531626,'system','team.create','ok','default','team_z5b2b5scvy4rql5a7xrq',NULL,'{"action":"team.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"id":"team_z5b2b5scvy4rql5a7xrq","name":"default"},"after_sha256":"87e26e585a4129bdda5d7f92e9fd52c59de79089b21ce3c84a8e5a1111ea7873","at":"2026-11-21T21:12:11.626Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d26a-76a5-bf24-a63ec96a7b3d","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","reason":null,"repeated":0,"request_id":null,"sealed_with":"354ae2fe","seq":1,"status":200,"target":{"kind":"team","name":"default","rev_after":1,"rev_before":null,"team":"default","uid":"team_z5b2b5scvy4rql5a7xrq"}}','105ee3b1a0d124a0d86b19a78539b8f24f967b710dd77b03c1adb5baa7fecb3e');
INSERT INTO "audit" VALUES(2,1795295531715,'system','model.create','ok','default','mdl_xsnm6gl3o6wmsau7z4cm',NULL,'{"action":"model.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"description":"Built in: repeats what it is told.","name":"echo","protected":false,"state":"active","stream_usage":true,"task":"chat","team_id":"team_z5b2b5scvy4rql5a7xrq","uid":"mdl_xsnm6gl3o6wmsau7z4cm"},"after_sha256":"91dfe1a75653d3a282fabc458277b206782a6e7522e4fb5607f6573b2a7f0d27","at":"2026-11-21T21:12:11.715Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d2c3-71b8-858d-441ed3688147","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"105ee3b1a0d124a0d86b19a78539b8f24f967b710dd77b03c1adb5baa7fecb3e","reason":null,"repeated":0,"request_id":null,"sealed_with":"354ae2fe","seq":2,"status":200,"target":{"kind":"model","name":"echo","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_xsnm6gl3o6wmsau7z4cm"}}','37b3961adfe080859711169c900730a85b9ee17d59d3bfbc4bfb4f7f0cd082ad');
INSERT INTO "audit" VALUES(3,1795295531715,'system','endpoint.create','ok','default','ep_i5gqgmgfkgwpsy7ydlpv',NULL,'{"action":"endpoint.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"base_url":"http://127.0.0.1:39167/v1","enabled":true,"id":"ep_i5gqgmgfkgwpsy7ydlpv","model_uid":"mdl_xsnm6gl3o6wmsau7z4cm","organization_headers":true,"weight":1},"after_sha256":"18492516ecc83ba0b7e3dff02eaf1db8ccabe98a43361e3d5df9fc3214acf8da","at":"2026-11-21T21:12:11.715Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d2c3-7b27-b71b-e056c2ef4b40","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"37b3961adfe080859711169c900730a85b9ee17d59d3bfbc4bfb4f7f0cd082ad","reason":null,"repeated":0,"request_id":null,"sealed_with":"354ae2fe","seq":3,"status":200,"target":{"kind":"endpoint","name":"http://127.0.0.1:39167/v1","rev_after":1,"rev_before":null,"team":"default","uid":"ep_i5gqgmgfkgwpsy7ydlpv"}}','81e0f42645ccab26e0159ec8d6b741dd6537cc8f1e7b5d880d146085d49b5f0f');
INSERT INTO "audit" VALUES(4,1795295531827,'system','key.create','ok',NULL,'key_ew3piizvg7hjmbtgpnfo',NULL,'{"action":"key.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"env":"live","key_id":"rxg5ga6kpn","limited":false,"name":"first administrator","role":"admin"},"after_sha256":"98ec37e23980894461f6965df00f5091f2bbbe95dae00537a18dc7d812da04c1","at":"2026-11-21T21:12:11.827Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d333-7503-8446-359a7b662569","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"81e0f42645ccab26e0159ec8d6b741dd6537cc8f1e7b5d880d146085d49b5f0f","reason":"the first key of the installation","repeated":0,"request_id":null,"sealed_with":"354ae2fe","seq":4,"status":200,"target":{"kind":"key","name":"first administrator","rev_after":1,"rev_before":null,"team":null,"uid":"key_ew3piizvg7hjmbtgpnfo"}}','810002da7c992f9c1fc03e06477968701eed1c792bcce982358d881a68a55dbc');
INSERT INTO "audit" VALUES(5,1795295532063,'key_ew3piizvg7hjmbtgpnfo','team.create','ok','research','team_agmm7bd6jo4cqofhhjjq','919760db-135a-4013-a722-9fa7ced65398','{"action":"team.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"description":"für alle","id":"team_agmm7bd6jo4cqofhhjjq","name":"research"},"after_sha256":"6265f9d7a31ed3f581a8e69c1b6fe9c50602cfcc3a6352ac6a0f9982821af306","at":"2026-11-21T21:12:12.063Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d41f-7668-bdbd-ab803bf93956","idempotency_key":"8e83ef504f6063fba3f4db5ca06c5816","operation_id":null,"outcome":"ok","prev_hash":"810002da7c992f9c1fc03e06477968701eed1c792bcce982358d881a68a55dbc","reason":null,"repeated":0,"request_id":"919760db-135a-4013-a722-9fa7ced65398","sealed_with":"354ae2fe","seq":5,"status":200,"target":{"kind":"team","name":"research","rev_after":1,"rev_before":null,"team":"research","uid":"team_agmm7bd6jo4cqofhhjjq"}}','6200ae5f412c78382f1a1ca5fcafc560fc7b2d8f129870fed6d7bf12c8add9a5');
INSERT INTO "audit" VALUES(6,1795295532092,'key_ew3piizvg7hjmbtgpnfo','gateway.create','ok',NULL,'gw_z5bqpihrvholrgvm3igw','f528ce3c-a040-4b54-a3bb-29afebbee7b2','{"action":"gateway.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"gw_z5bqpihrvholrgvm3igw","is_default":false,"name":"eu","url":"https://gateway.example.com"},"after_sha256":"551ae6dc7a8a9ce77ac43acd633b2cfe4ab2646ecf07018a37d0330c3b077aa1","at":"2026-11-21T21:12:12.092Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d43c-724d-bdc2-38792425164f","idempotency_key":"c4aea1d0b9ca8466c329c8cd5e3ac849","operation_id":null,"outcome":"ok","prev_hash":"6200ae5f412c78382f1a1ca5fcafc560fc7b2d8f129870fed6d7bf12c8add9a5","reason":null,"repeated":0,"request_id":"f528ce3c-a040-4b54-a3bb-29afebbee7b2","sealed_with":"354ae2fe","seq":6,"status":200,"target":{"kind":"gateway","name":"eu","rev_after":1,"rev_before":null,"team":null,"uid":"gw_z5bqpihrvholrgvm3igw"}}','fc5144c2ca172136f53ae6e2d78861070ee9ef79c3deb7bb694ef61aac2702a5');
INSERT INTO "audit" VALUES(7,1795295532115,'key_ew3piizvg7hjmbtgpnfo','model.create','ok','research','mdl_3sd5r7ax2y7nlzaltj7v','1e23f1d0-4e13-44b5-a7a4-db62e5bf8e09','{"action":"model.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"gateway_id":"gw_z5bqpihrvholrgvm3igw","name":"kept","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_agmm7bd6jo4cqofhhjjq","uid":"mdl_3sd5r7ax2y7nlzaltj7v","via":"gateway"},"after_sha256":"aafc90d7fd87680d85cf5af32f9b6fe7f8791b4f0d936dc8c1c08ab9e20d130b","at":"2026-11-21T21:12:12.115Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d453-70f6-855a-80b605af6bb8","idempotency_key":"bb48877f96a5828f48c9da8dab3d97ab","operation_id":null,"outcome":"ok","prev_hash":"fc5144c2ca172136f53ae6e2d78861070ee9ef79c3deb7bb694ef61aac2702a5","reason":null,"repeated":0,"request_id":"1e23f1d0-4e13-44b5-a7a4-db62e5bf8e09","sealed_with":"354ae2fe","seq":7,"status":200,"target":{"kind":"model","name":"kept","rev_after":1,"rev_before":null,"team":"research","uid":"mdl_3sd5r7ax2y7nlzaltj7v"}}','4e9110bf15feafd282b31b62f8aad224736ffaf28368cd9ad593f7edc109c5cd');
INSERT INTO "audit" VALUES(8,1795295532152,'key_ew3piizvg7hjmbtgpnfo','model.create','ok','default','mdl_aem5lw64on6ree5xmd2o','b19aa345-5fa4-4fbd-aad3-534ffd3429a1','{"action":"model.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"name":"bare","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_z5b2b5scvy4rql5a7xrq","uid":"mdl_aem5lw64on6ree5xmd2o"},"after_sha256":"cc6b2c16cfc19053282864cb292ead3e637ec2fc6479f0c0dfa793cccaffd0d5","at":"2026-11-21T21:12:12.152Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d478-7573-b412-25194ec5ea44","idempotency_key":"7a62c9aac86f17b059956ed8c0c4a1b5","operation_id":null,"outcome":"ok","prev_hash":"4e9110bf15feafd282b31b62f8aad224736ffaf28368cd9ad593f7edc109c5cd","reason":null,"repeated":0,"request_id":"b19aa345-5fa4-4fbd-aad3-534ffd3429a1","sealed_with":"354ae2fe","seq":8,"status":200,"target":{"kind":"model","name":"bare","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_aem5lw64on6ree5xmd2o"}}','ac779d72fc2e764d894c07b9992eb45e64df968842db77143586c4f299575ea2');
INSERT INTO "audit" VALUES(9,1795295532185,'key_ew3piizvg7hjmbtgpnfo','alias.create','ok','research','als_yq72jta76nbkyahm5dml','2b0261c9-df3e-4b91-a553-6732d0c02265','{"action":"alias.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"als_yq72jta76nbkyahm5dml","model_uid":"mdl_3sd5r7ax2y7nlzaltj7v","name":"kept-too","team_id":"team_agmm7bd6jo4cqofhhjjq"},"after_sha256":"88e333a8220da0dd6450796bf642d1b1aebdda41f4cff65ff3b0586b5bf861b3","at":"2026-11-21T21:12:12.185Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d499-71d1-b66f-947ac24bbcbc","idempotency_key":"3e7cfb3cd20b9cd2ece025fe15c9ad40","operation_id":null,"outcome":"ok","prev_hash":"ac779d72fc2e764d894c07b9992eb45e64df968842db77143586c4f299575ea2","reason":null,"repeated":0,"request_id":"2b0261c9-df3e-4b91-a553-6732d0c02265","sealed_with":"354ae2fe","seq":9,"status":200,"target":{"kind":"alias","name":"kept-too","rev_after":1,"rev_before":null,"team":"research","uid":"als_yq72jta76nbkyahm5dml"}}','0d7253765a2497c8cc0ebf134351189e621648193970e65e1a2d8f929345fc0a');
INSERT INTO "audit" VALUES(10,1795295532222,'key_ew3piizvg7hjmbtgpnfo','key.create','ok','default','key_eyt7ejuj7qf3vfkedday','3560cc99-f623-40a9-a884-756b85be7126','{"action":"key.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_ew3piizvg7hjmbtgpnfo","env":"live","expires_at":1803071532225,"key_id":"brycyygznd","limited":false,"name":"ci","role":"developer","team":"default"},"after_sha256":"a651f3c3d1739dddc93bd605f9f1e6e29c7bc79efad3cacf1e5d32043cc3714a","at":"2026-11-21T21:12:12.222Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d4be-7c8d-a3b7-8d66cb9e1d24","idempotency_key":"0eaaf27a55ccd4e67d499f1b5520ced4","operation_id":null,"outcome":"ok","prev_hash":"0d7253765a2497c8cc0ebf134351189e621648193970e65e1a2d8f929345fc0a","reason":null,"repeated":0,"request_id":"3560cc99-f623-40a9-a884-756b85be7126","sealed_with":"354ae2fe","seq":10,"status":200,"target":{"kind":"key","name":"ci","rev_after":1,"rev_before":null,"team":"default","uid":"key_eyt7ejuj7qf3vfkedday"}}','bd19fa193158df41614e935024be9e7c3d58aa1eb25f4a4723439571aaf0bfb5');
INSERT INTO "audit" VALUES(11,1795295532241,'key_ew3piizvg7hjmbtgpnfo','key.create','ok','research','key_rg65aqy74pnmtxsc52k3','3493faaa-bf7d-4036-a620-0d13c26b83bb','{"action":"key.create","actor":{"id":"key_ew3piizvg7hjmbtgpnfo","key_id":"key_ew3piizvg7hjmbtgpnfo","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_ew3piizvg7hjmbtgpnfo","env":"live","expires_at":1803071532243,"key_id":"my2qaf3fuz","limited":true,"models":["kept","kept-*","later"],"name":"some","role":"developer","team":"research"},"after_sha256":"8ef03a69496a59301437fc822ed1f0019a2dacc7bfd6be8c8ef80c708ec0a07c","at":"2026-11-21T21:12:12.241Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1fff3-d4d1-7ee2-8b6e-3811dd523a52","idempotency_key":"1ae58a388e9c07d63a99f3c07a5ed1a4","operation_id":null,"outcome":"ok","prev_hash":"bd19fa193158df41614e935024be9e7c3d58aa1eb25f4a4723439571aaf0bfb5","reason":null,"repeated":0,"request_id":"3493faaa-bf7d-4036-a620-0d13c26b83bb","sealed_with":"354ae2fe","seq":11,"status":200,"target":{"kind":"key","name":"some","rev_after":1,"rev_before":null,"team":"research","uid":"key_rg65aqy74pnmtxsc52k3"}}','368900036992f239adcde1782ccdc193f2b206fd122594f0ff87563d8c7524f8');
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
INSERT INTO "endpoints" VALUES('ep_i5gqgmgfkgwpsy7ydlpv','mdl_xsnm6gl3o6wmsau7z4cm','http://127.0.0.1:39167/v1',NULL,1,1,NULL,NULL,1,1,1795295531715,1795295531715,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_z5bqpihrvholrgvm3igw','eu','https://gateway.example.com','',0,1,1795295532092,1795295532092,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_ew3piizvg7hjmbtgpnfo','8e83ef504f6063fba3f4db5ca06c5816','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F61676D6D376264366A6F3463716F6668686A6A712E315C22222C22637265617465645F6174223A22323032362D31312D32315432313A31323A31322E3036335A222C22757064617465645F6174223A22323032362D31312D32315432313A31323A31322E3036335A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33333936352F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F61676D6D376264366A6F3463716F6668686A6A71222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_agmm7bd6jo4cqofhhjjq.1\"", "Location": "teams/team_agmm7bd6jo4cqofhhjjq"}',1795295532063);
INSERT INTO "idempotency" VALUES('key_ew3piizvg7hjmbtgpnfo','c4aea1d0b9ca8466c329c8cd5e3ac849','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F7A3562717069687276686F6C7267766D336967772E315C22222C22637265617465645F6174223A22323032362D31312D32315432313A31323A31322E3039325A222C22757064617465645F6174223A22323032362D31312D32315432313A31323A31322E3039325A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F7A3562717069687276686F6C7267766D33696777222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_z5bqpihrvholrgvm3igw.1\"", "Location": "gateways/gw_z5bqpihrvholrgvm3igw"}',1795295532092);
INSERT INTO "idempotency" VALUES('key_ew3piizvg7hjmbtgpnfo','bb48877f96a5828f48c9da8dab3d97ab','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F33736435723761783279376E6C7A616C746A37762E315C22222C22637265617465645F6174223A22323032362D31312D32315432313A31323A31322E3131355A222C22757064617465645F6174223A22323032362D31312D32315432313A31323A31322E3131355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F33736435723761783279376E6C7A616C746A3776222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_3sd5r7ax2y7nlzaltj7v.1\"", "Location": "models/mdl_3sd5r7ax2y7nlzaltj7v"}',1795295532115);
INSERT INTO "idempotency" VALUES('key_ew3piizvg7hjmbtgpnfo','7a62c9aac86f17b059956ed8c0c4a1b5','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F61656D356C7736346F6E3672656535786D64326F2E315C22222C22637265617465645F6174223A22323032362D31312D32315432313A31323A31322E3135325A222C22757064617465645F6174223A22323032362D31312D32315432313A31323A31322E3135325A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33333936352F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F61656D356C7736346F6E3672656535786D64326F222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_aem5lw64on6ree5xmd2o.1\"", "Location": "models/mdl_aem5lw64on6ree5xmd2o"}',1795295532152);
INSERT INTO "idempotency" VALUES('key_ew3piizvg7hjmbtgpnfo','3e7cfb3cd20b9cd2ece025fe15c9ad40','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F797137326A746137366E626B7961686D35646D6C2E315C22222C22637265617465645F6174223A22323032362D31312D32315432313A31323A31322E3138355A222C22757064617465645F6174223A22323032362D31312D32315432313A31323A31322E3138355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F797137326A746137366E626B7961686D35646D6C222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F33736435723761783279376E6C7A616C746A3776222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_yq72jta76nbkyahm5dml.1\"", "Location": "aliases/als_yq72jta76nbkyahm5dml"}',1795295532185);
CREATE TABLE key_models (
	key_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	pattern TEXT NOT NULL, 
	model_uid TEXT, 
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position), 
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE, 
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
INSERT INTO "key_models" VALUES('key_rg65aqy74pnmtxsc52k3',0,'kept','mdl_3sd5r7ax2y7nlzaltj7v');
INSERT INTO "key_models" VALUES('key_rg65aqy74pnmtxsc52k3',1,'kept-*',NULL);
INSERT INTO "key_models" VALUES('key_rg65aqy74pnmtxsc52k3',2,'later',NULL);
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
INSERT INTO "keys" VALUES('key_ew3piizvg7hjmbtgpnfo','rxg5ga6kpn','live','first administrator',NULL,'admin',X'A911E3F87AAE45896E7EE5B2B42E090A2E4262B10D40C9347EE40D42313FFBF7','06656379',NULL,NULL,NULL,0,'[]',NULL,NULL,1795295532061,NULL,1,1795295531827,1795295531827,NULL,NULL);
INSERT INTO "keys" VALUES('key_eyt7ejuj7qf3vfkedday','brycyygznd','live','ci','team_z5b2b5scvy4rql5a7xrq','developer',X'F73812A446C82B03B35406308147F88D5A684B480963A26BEA91903A9A8817EA','06656379',NULL,NULL,NULL,0,'[]',1803071532225,NULL,NULL,'key_ew3piizvg7hjmbtgpnfo',1,1795295532225,1795295532225,NULL,NULL);
INSERT INTO "keys" VALUES('key_rg65aqy74pnmtxsc52k3','my2qaf3fuz','live','some','team_agmm7bd6jo4cqofhhjjq','developer',X'91723151FE7858DB32EF2BADB0DA0DB49316B046BF27B955E84F51594A2DE7AD','06656379',NULL,NULL,NULL,1,'[]',1803071532243,NULL,NULL,'key_ew3piizvg7hjmbtgpnfo',1,1795295532243,1795295532243,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','3');
INSERT INTO "meta" VALUES('audit_sequence','11');
INSERT INTO "meta" VALUES('audit_checkpoint','["vm:/tmp/tmp2ygeb5l4/data/audit-checkpoints.jsonl", 11]');
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
INSERT INTO "models" VALUES('mdl_xsnm6gl3o6wmsau7z4cm','team_z5b2b5scvy4rql5a7xrq','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795295531715,1795295531715,NULL,NULL);
INSERT INTO "models" VALUES('mdl_3sd5r7ax2y7nlzaltj7v','team_agmm7bd6jo4cqofhhjjq','kept','chat','active','gateway','gw_z5bqpihrvholrgvm3igw',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795295532115,1795295532115,NULL,NULL);
INSERT INTO "models" VALUES('mdl_aem5lw64on6ree5xmd2o','team_z5b2b5scvy4rql5a7xrq','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795295532152,1795295532152,NULL,NULL);
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
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_z5b2b5scvy4rql5a7xrq');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_xsnm6gl3o6wmsau7z4cm');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_i5gqgmgfkgwpsy7ydlpv');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_agmm7bd6jo4cqofhhjjq');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_z5bqpihrvholrgvm3igw');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_3sd5r7ax2y7nlzaltj7v');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_aem5lw64on6ree5xmd2o');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_3sd5r7ax2y7nlzaltj7v');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_yq72jta76nbkyahm5dml');
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
INSERT INTO "teams" VALUES('team_z5b2b5scvy4rql5a7xrq','default','',NULL,NULL,1,1795295531626,1795295531626,NULL,NULL);
INSERT INTO "teams" VALUES('team_agmm7bd6jo4cqofhhjjq','research','für alle',NULL,NULL,1,1795295532063,1795295532063,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795295532698,'default','key_ew3piizvg7hjmbtgpnfo','mdl_xsnm6gl3o6wmsau7z4cm','echo','ep_i5gqgmgfkgwpsy7ydlpv','chat.completions',200,'complete','exact',4,1,0,0,2.3587287003465462476e+01,2.2052740023355,85,665,'64c8bed7-5132-42f0-a139-deaa6a9c64b4');
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
INSERT INTO "usage_daily" VALUES('2026-11-21','default','key_ew3piizvg7hjmbtgpnfo','echo','exact',1,4,1,0,0);
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
CREATE INDEX ix_tombstones_team_id_name ON tombstones (team_id, name);
CREATE INDEX ix_tombstones_purged_at ON tombstones (purged_at);
CREATE UNIQUE INDEX uq_operations_target ON operations (target) WHERE finished_at IS NULL AND target IS NOT NULL;
CREATE INDEX ix_operations_finished_at ON operations (finished_at);
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_audit_actor ON audit (actor);
CREATE INDEX ix_audit_target ON audit (target);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);
CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;
CREATE INDEX ix_usage_calls_at ON usage_calls (at);
CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;
CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);
CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);
CREATE INDEX ix_keys_team_id ON keys (team_id);
CREATE INDEX ix_models_sunset_at ON models (sunset_at);
CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';
CREATE INDEX ix_models_gateway_id ON models (gateway_id);
CREATE INDEX ix_models_catalogue_id ON models (catalogue_id);
CREATE INDEX ix_models_successor_uid ON models (successor_uid);
CREATE INDEX ix_models_purge_at ON models (purge_at);
CREATE INDEX ix_key_models_pattern ON key_models (pattern) WHERE model_uid IS NULL;
CREATE INDEX ix_key_models_model_uid ON key_models (model_uid);
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
