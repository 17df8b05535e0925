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
INSERT INTO "aliases" VALUES('als_vfdbau5dv2273wxfi53g','team_iq4vfqmlgnp2shfnzk4v','kept-too','mdl_qb46agfdlx3zdxpmst7n',1,1795301255489,1795301255489,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1795301255149,'system','team.create','ok','default','team_5ltjhb5eczr27cl5csyd',NULL,'{"action":"team.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"id":"team_5ltjhb5eczr27cl5csyd","name":"default"},"after_sha256":"734e557bc0cb1ffc946687857b21fbed30c550b9d67c5988108596f45abe221d","at":"2026-11-21T22:47:35.149Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-27ed-7c79-8c61-390c7f0a0531","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","reason":null,"repeated":0,"request_id":null,"sealed_with":"3b465ed4","seq":1,"status":200,"target":{"kind":"team","name":"default","rev_after":1,"rev_before":null,"team":"default","uid":"team_5ltjhb5eczr27cl5csyd"}}','6508d7a8fbb45bef89737e767f267525ca8a5fc7682d32de9b3b09dabc253ecb');
INSERT INTO "audit" VALUES(2,1795301255179,'system','model.create','ok','default','mdl_zchtzbsdnitonx2e652u',NULL,'{"action":"model.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"description":"Built in: repeats what it is told.","name":"echo","protected":false,"state":"active","stream_usage":true,"task":"chat","team_id":"team_5ltjhb5eczr27cl5csyd","uid":"mdl_zchtzbsdnitonx2e652u"},"after_sha256":"60a9eb600cdc87c41fde45ad515aafcc330991ee2422c2e6eea51ce2c0a519ce","at":"2026-11-21T22:47:35.179Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-280b-7eaf-a06d-20e71426d638","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"6508d7a8fbb45bef89737e767f267525ca8a5fc7682d32de9b3b09dabc253ecb","reason":null,"repeated":0,"request_id":null,"sealed_with":"3b465ed4","seq":2,"status":200,"target":{"kind":"model","name":"echo","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_zchtzbsdnitonx2e652u"}}','03582390502509acd3a86dbfeb765a75c23ab46adb244e5a226c842e8219f5b0');
INSERT INTO "audit" VALUES(3,1795301255179,'system','endpoint.create','ok','default','ep_gn4e7zs5wbzjblm4p7cu',NULL,'{"action":"endpoint.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"base_url":"http://127.0.0.1:43513/v1","enabled":true,"id":"ep_gn4e7zs5wbzjblm4p7cu","model_uid":"mdl_zchtzbsdnitonx2e652u","organization_headers":true,"weight":1},"after_sha256":"10621225dbe165a6d9d4ac97f8bbe1712cc5872358df9df228aaef836c8ae8fb","at":"2026-11-21T22:47:35.179Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-280b-7085-9aaa-be1e1493ce16","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"03582390502509acd3a86dbfeb765a75c23ab46adb244e5a226c842e8219f5b0","reason":null,"repeated":0,"request_id":null,"sealed_with":"3b465ed4","seq":3,"status":200,"target":{"kind":"endpoint","name":"http://127.0.0.1:43513/v1","rev_after":1,"rev_before":null,"team":"default","uid":"ep_gn4e7zs5wbzjblm4p7cu"}}','3d5a47d0228d03bdc628742028354316432009224e0a82d7c731805c66b0d564');
INSERT INTO "audit" VALUES(4,1795301255282,'system','key.create','ok',NULL,'key_5k7xao6jxzkfbtwlgsyu',NULL,'{"action":"key.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"env":"live","key_id":"3gyimj2lhl","limited":false,"name":"first administrator","role":"admin"},"after_sha256":"7b66dee9ef041b7dcc5fd7baf5440a56005b319d8b8ba17b3f2b78f03c8da596","at":"2026-11-21T22:47:35.282Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-2872-7183-9202-99303584a91d","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"3d5a47d0228d03bdc628742028354316432009224e0a82d7c731805c66b0d564","reason":"the first key of the installation","repeated":0,"request_id":null,"sealed_with":"3b465ed4","seq":4,"status":200,"target":{"kind":"key","name":"first administrator","rev_after":1,"rev_before":null,"team":null,"uid":"key_5k7xao6jxzkfbtwlgsyu"}}','40fd552060f40864225de1934948880c07861551951cafcb2408809b0e8d2924');
INSERT INTO "audit" VALUES(5,1795301255386,'key_5k7xao6jxzkfbtwlgsyu','team.create','ok','research','team_iq4vfqmlgnp2shfnzk4v','29b94582-cd7f-4764-ae43-60eb7df8c4a7','{"action":"team.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"description":"für alle","id":"team_iq4vfqmlgnp2shfnzk4v","name":"research"},"after_sha256":"06c15bd86d9eff0fe9cbe82cc67b5c9fb157385c6636bccdee416bf1889ebe8b","at":"2026-11-21T22:47:35.386Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-28da-782d-80e4-b3b8430d6a81","idempotency_key":"851a775229a9318fecad2749719a9554","operation_id":null,"outcome":"ok","prev_hash":"40fd552060f40864225de1934948880c07861551951cafcb2408809b0e8d2924","reason":null,"repeated":0,"request_id":"29b94582-cd7f-4764-ae43-60eb7df8c4a7","sealed_with":"3b465ed4","seq":5,"status":200,"target":{"kind":"team","name":"research","rev_after":1,"rev_before":null,"team":"research","uid":"team_iq4vfqmlgnp2shfnzk4v"}}','19ac40cffdf90e75c4a598f944277e5ac4838736e7eb25e8ffe1c3a603922061');
INSERT INTO "audit" VALUES(6,1795301255406,'key_5k7xao6jxzkfbtwlgsyu','gateway.create','ok',NULL,'gw_7oln3twre42puoe2tynt','ecc680f2-6a9a-4faa-a090-c3cb2f58f038','{"action":"gateway.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"gw_7oln3twre42puoe2tynt","is_default":false,"name":"eu","url":"https://gateway.example.com"},"after_sha256":"254c86e275db36e8df90af634339210bbdedc1e0b2d8ceb2b9d514abdfe85e56","at":"2026-11-21T22:47:35.406Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-28ee-7913-a2e2-92cf8a1468b0","idempotency_key":"0ae2006d65f580a61f2a52bd8a3c1831","operation_id":null,"outcome":"ok","prev_hash":"19ac40cffdf90e75c4a598f944277e5ac4838736e7eb25e8ffe1c3a603922061","reason":null,"repeated":0,"request_id":"ecc680f2-6a9a-4faa-a090-c3cb2f58f038","sealed_with":"3b465ed4","seq":6,"status":200,"target":{"kind":"gateway","name":"eu","rev_after":1,"rev_before":null,"team":null,"uid":"gw_7oln3twre42puoe2tynt"}}','c0a12f3c449793d506297a1d261ebd1f2739df0febe03dd91905017b574ec4ff');
INSERT INTO "audit" VALUES(7,1795301255423,'key_5k7xao6jxzkfbtwlgsyu','model.create','ok','research','mdl_qb46agfdlx3zdxpmst7n','16c69f18-6cf2-400e-a174-d602d2cfa818','{"action":"model.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"gateway_id":"gw_7oln3twre42puoe2tynt","name":"kept","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_iq4vfqmlgnp2shfnzk4v","uid":"mdl_qb46agfdlx3zdxpmst7n","via":"gateway"},"after_sha256":"e7a1098c9d23f3624e654edb67b97430d4327a517f53d37e63706d2523e5061b","at":"2026-11-21T22:47:35.423Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-28ff-7364-b8af-ee8244717c4f","idempotency_key":"fbe017f5cd8f0cec934433742a1ccbf3","operation_id":null,"outcome":"ok","prev_hash":"c0a12f3c449793d506297a1d261ebd1f2739df0febe03dd91905017b574ec4ff","reason":null,"repeated":0,"request_id":"16c69f18-6cf2-400e-a174-d602d2cfa818","sealed_with":"3b465ed4","seq":7,"status":200,"target":{"kind":"model","name":"kept","rev_after":1,"rev_before":null,"team":"research","uid":"mdl_qb46agfdlx3zdxpmst7n"}}','51a859e09b76e89f1eb352a328b1fac89092f702c61ed3746f45c6effcf944c3');
INSERT INTO "audit" VALUES(8,1795301255459,'key_5k7xao6jxzkfbtwlgsyu','model.create','ok','default','mdl_f6cguhoaewieeyclyhub','cd6172cb-b2f8-4e83-a531-e2b7c6f3360a','{"action":"model.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"name":"bare","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_5ltjhb5eczr27cl5csyd","uid":"mdl_f6cguhoaewieeyclyhub"},"after_sha256":"fa1786e5249aa813d6d32576c8d124fbc68583734fdbca56726c290a05efa655","at":"2026-11-21T22:47:35.459Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-2923-7321-a27c-8e82c1abc209","idempotency_key":"7d0769fc87a2e7f0e26cf95e03f9829e","operation_id":null,"outcome":"ok","prev_hash":"51a859e09b76e89f1eb352a328b1fac89092f702c61ed3746f45c6effcf944c3","reason":null,"repeated":0,"request_id":"cd6172cb-b2f8-4e83-a531-e2b7c6f3360a","sealed_with":"3b465ed4","seq":8,"status":200,"target":{"kind":"model","name":"bare","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_f6cguhoaewieeyclyhub"}}','d185ff26da0358da6711a0a8d79476215397069d78ea3ca7cfd56b02c9b8350d');
INSERT INTO "audit" VALUES(9,1795301255489,'key_5k7xao6jxzkfbtwlgsyu','alias.create','ok','research','als_vfdbau5dv2273wxfi53g','fed91c53-8f90-4290-a4d9-3df3d9df7729','{"action":"alias.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"als_vfdbau5dv2273wxfi53g","model_uid":"mdl_qb46agfdlx3zdxpmst7n","name":"kept-too","team_id":"team_iq4vfqmlgnp2shfnzk4v"},"after_sha256":"dbeb10cb100a577ef3566fb813d31e4eb8b34d7bd16ec3b505e75102cc324a44","at":"2026-11-21T22:47:35.489Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-2941-7ea1-9681-828b476ded6c","idempotency_key":"b4a0fb5b9ab43498c918fcb7fc168d1c","operation_id":null,"outcome":"ok","prev_hash":"d185ff26da0358da6711a0a8d79476215397069d78ea3ca7cfd56b02c9b8350d","reason":null,"repeated":0,"request_id":"fed91c53-8f90-4290-a4d9-3df3d9df7729","sealed_with":"3b465ed4","seq":9,"status":200,"target":{"kind":"alias","name":"kept-too","rev_after":1,"rev_before":null,"team":"research","uid":"als_vfdbau5dv2273wxfi53g"}}','8ae76d0b0ea5c88d707f8d4040e9517a99e7632edcdb62f081fa6d3364d5e899');
INSERT INTO "audit" VALUES(10,1795301255527,'key_5k7xao6jxzkfbtwlgsyu','key.create','ok','default','key_tphoaeosqtewl44zoihj','ae276787-e182-407c-a153-8afa4f1e2544','{"action":"key.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_5k7xao6jxzkfbtwlgsyu","env":"live","expires_at":1803077255530,"key_id":"vgpj5juyus","limited":false,"name":"ci","role":"developer","team":"default"},"after_sha256":"b49c6093a093731c132a92681ed8db1afad93d2153793d7b8f351c842dfda91e","at":"2026-11-21T22:47:35.527Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-2967-72d6-9920-81865ed53126","idempotency_key":"d8ac882f411c38d5ef29145f9d47065f","operation_id":null,"outcome":"ok","prev_hash":"8ae76d0b0ea5c88d707f8d4040e9517a99e7632edcdb62f081fa6d3364d5e899","reason":null,"repeated":0,"request_id":"ae276787-e182-407c-a153-8afa4f1e2544","sealed_with":"3b465ed4","seq":10,"status":200,"target":{"kind":"key","name":"ci","rev_after":1,"rev_before":null,"team":"default","uid":"key_tphoaeosqtewl44zoihj"}}','026a8351de63a73c5f267426eba812a447e61bec8df2192bfc8b878509cf509b');
INSERT INTO "audit" VALUES(11,1795301255546,'key_5k7xao6jxzkfbtwlgsyu','key.create','ok','research','key_pnoathcanq4vbzrdykue','6af891c7-80d9-4ded-a62f-c521d4f85c9c','{"action":"key.create","actor":{"id":"key_5k7xao6jxzkfbtwlgsyu","key_id":"key_5k7xao6jxzkfbtwlgsyu","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_5k7xao6jxzkfbtwlgsyu","env":"live","expires_at":1803077255548,"key_id":"movimafjya","limited":true,"models":["kept","kept-*","later"],"name":"some","role":"developer","team":"research"},"after_sha256":"9f36eb3d15c3ebfdb20c0dc25dbcaeb50437fadc8a7db5d4c16d0faac5f285f2","at":"2026-11-21T22:47:35.546Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a2004b-297a-794d-b087-ffb86f33d6bc","idempotency_key":"913f96928eebe09a91280bb20a355e66","operation_id":null,"outcome":"ok","prev_hash":"026a8351de63a73c5f267426eba812a447e61bec8df2192bfc8b878509cf509b","reason":null,"repeated":0,"request_id":"6af891c7-80d9-4ded-a62f-c521d4f85c9c","sealed_with":"3b465ed4","seq":11,"status":200,"target":{"kind":"key","name":"some","rev_after":1,"rev_before":null,"team":"research","uid":"key_pnoathcanq4vbzrdykue"}}','ff00f3accb2d3c5d80638b5da9a47aec73c82a08d6a4b91b70fc0d10a89f4805');
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
INSERT INTO "endpoints" VALUES('ep_gn4e7zs5wbzjblm4p7cu','mdl_zchtzbsdnitonx2e652u','http://127.0.0.1:43513/v1',NULL,1,1,NULL,NULL,1,1,1795301255179,1795301255179,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_7oln3twre42puoe2tynt','eu','https://gateway.example.com','',0,1,1795301255406,1795301255406,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_5k7xao6jxzkfbtwlgsyu','851a775229a9318fecad2749719a9554','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F6971347666716D6C676E70327368666E7A6B34762E315C22222C22637265617465645F6174223A22323032362D31312D32315432323A34373A33352E3338365A222C22757064617465645F6174223A22323032362D31312D32315432323A34373A33352E3338365A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A34333732372F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F6971347666716D6C676E70327368666E7A6B3476222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_iq4vfqmlgnp2shfnzk4v.1\"", "Location": "teams/team_iq4vfqmlgnp2shfnzk4v"}',1795301255386);
INSERT INTO "idempotency" VALUES('key_5k7xao6jxzkfbtwlgsyu','0ae2006d65f580a61f2a52bd8a3c1831','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F376F6C6E3374777265343270756F653274796E742E315C22222C22637265617465645F6174223A22323032362D31312D32315432323A34373A33352E3430365A222C22757064617465645F6174223A22323032362D31312D32315432323A34373A33352E3430365A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F376F6C6E3374777265343270756F653274796E74222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_7oln3twre42puoe2tynt.1\"", "Location": "gateways/gw_7oln3twre42puoe2tynt"}',1795301255406);
INSERT INTO "idempotency" VALUES('key_5k7xao6jxzkfbtwlgsyu','fbe017f5cd8f0cec934433742a1ccbf3','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F71623436616766646C78337A6478706D7374376E2E315C22222C22637265617465645F6174223A22323032362D31312D32315432323A34373A33352E3432335A222C22757064617465645F6174223A22323032362D31312D32315432323A34373A33352E3432335A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F71623436616766646C78337A6478706D7374376E222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22636174616C6F6775655F6964223A6E756C6C2C22636174616C6F6775655F666C6167223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_qb46agfdlx3zdxpmst7n.1\"", "Location": "models/mdl_qb46agfdlx3zdxpmst7n"}',1795301255423);
INSERT INTO "idempotency" VALUES('key_5k7xao6jxzkfbtwlgsyu','7d0769fc87a2e7f0e26cf95e03f9829e','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F6636636775686F61657769656579636C796875622E315C22222C22637265617465645F6174223A22323032362D31312D32315432323A34373A33352E3435395A222C22757064617465645F6174223A22323032362D31312D32315432323A34373A33352E3435395A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A34333732372F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F6636636775686F61657769656579636C79687562222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22636174616C6F6775655F6964223A6E756C6C2C22636174616C6F6775655F666C6167223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_f6cguhoaewieeyclyhub.1\"", "Location": "models/mdl_f6cguhoaewieeyclyhub"}',1795301255459);
INSERT INTO "idempotency" VALUES('key_5k7xao6jxzkfbtwlgsyu','b4a0fb5b9ab43498c918fcb7fc168d1c','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F76666462617535647632323733777866693533672E315C22222C22637265617465645F6174223A22323032362D31312D32315432323A34373A33352E3438395A222C22757064617465645F6174223A22323032362D31312D32315432323A34373A33352E3438395A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F7666646261753564763232373377786669353367222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F71623436616766646C78337A6478706D7374376E222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_vfdbau5dv2273wxfi53g.1\"", "Location": "aliases/als_vfdbau5dv2273wxfi53g"}',1795301255489);
CREATE TABLE key_models (
	key_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	pattern TEXT NOT NULL, 
	model_uid TEXT, 
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position), 
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE, 
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
INSERT INTO "key_models" VALUES('key_pnoathcanq4vbzrdykue',0,'kept','mdl_qb46agfdlx3zdxpmst7n');
INSERT INTO "key_models" VALUES('key_pnoathcanq4vbzrdykue',1,'kept-*',NULL);
INSERT INTO "key_models" VALUES('key_pnoathcanq4vbzrdykue',2,'later',NULL);
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
INSERT INTO "keys" VALUES('key_5k7xao6jxzkfbtwlgsyu','3gyimj2lhl','live','first administrator',NULL,'admin',X'71A925F802EAF3FD94C64E37EBB1C1F7B8F22CA911DB9ADDA8A7203FC55AD393','196a04c1',NULL,NULL,NULL,0,'[]',NULL,NULL,1795301255385,NULL,1,1795301255282,1795301255282,NULL,NULL);
INSERT INTO "keys" VALUES('key_tphoaeosqtewl44zoihj','vgpj5juyus','live','ci','team_5ltjhb5eczr27cl5csyd','developer',X'B7D6CCCC1101A732FAE9DF10C064F5BF6DA622B68D1915D4891293980F1035EA','196a04c1',NULL,NULL,NULL,0,'[]',1803077255530,NULL,NULL,'key_5k7xao6jxzkfbtwlgsyu',1,1795301255530,1795301255530,NULL,NULL);
INSERT INTO "keys" VALUES('key_pnoathcanq4vbzrdykue','movimafjya','live','some','team_iq4vfqmlgnp2shfnzk4v','developer',X'9FCB67E5FB8320E9F7576788B18C813D471580CCE591D51E14C876B157798582','196a04c1',NULL,NULL,NULL,1,'[]',1803077255548,NULL,NULL,'key_5k7xao6jxzkfbtwlgsyu',1,1795301255548,1795301255548,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','3');
INSERT INTO "meta" VALUES('audit_sequence','11');
INSERT INTO "meta" VALUES('audit_checkpoint','["vm:/tmp/tmpl02cpwv8/data/audit-checkpoints.jsonl", 11]');
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
INSERT INTO "models" VALUES('mdl_zchtzbsdnitonx2e652u','team_5ltjhb5eczr27cl5csyd','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795301255179,1795301255179,NULL,NULL);
INSERT INTO "models" VALUES('mdl_qb46agfdlx3zdxpmst7n','team_iq4vfqmlgnp2shfnzk4v','kept','chat','active','gateway','gw_7oln3twre42puoe2tynt',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795301255423,1795301255423,NULL,NULL);
INSERT INTO "models" VALUES('mdl_f6cguhoaewieeyclyhub','team_5ltjhb5eczr27cl5csyd','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795301255459,1795301255459,NULL,NULL);
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
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_5ltjhb5eczr27cl5csyd');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_zchtzbsdnitonx2e652u');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_gn4e7zs5wbzjblm4p7cu');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_iq4vfqmlgnp2shfnzk4v');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_7oln3twre42puoe2tynt');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_qb46agfdlx3zdxpmst7n');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_f6cguhoaewieeyclyhub');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_qb46agfdlx3zdxpmst7n');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_vfdbau5dv2273wxfi53g');
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
INSERT INTO "teams" VALUES('team_5ltjhb5eczr27cl5csyd','default','',NULL,NULL,1,1795301255149,1795301255149,NULL,NULL);
INSERT INTO "teams" VALUES('team_iq4vfqmlgnp2shfnzk4v','research','für alle',NULL,NULL,1,1795301255386,1795301255386,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795301255894,'default','key_5k7xao6jxzkfbtwlgsyu','mdl_zchtzbsdnitonx2e652u','echo','ep_gn4e7zs5wbzjblm4p7cu','chat.completions',200,'complete','exact',4,1,0,0,22.9714149973006,2.37795499924686737358e+00,85,665,'5a3c1d7b-440f-460f-abbe-e6d0a670daea');
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
INSERT INTO "usage_daily" VALUES('2026-11-21','default','key_5k7xao6jxzkfbtwlgsyu','echo','exact',1,4,1,0,0);
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
CREATE UNIQUE INDEX uq_operations_target ON operations (target) WHERE finished_at IS NULL AND target IS NOT NULL;
CREATE INDEX ix_operations_finished_at ON operations (finished_at);
CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_actor ON audit (actor);
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_audit_target ON audit (target);
CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;
CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);
CREATE INDEX ix_usage_calls_at ON usage_calls (at);
CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;
CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);
CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);
CREATE INDEX ix_keys_team_id ON keys (team_id);
CREATE INDEX ix_models_sunset_at ON models (sunset_at);
CREATE INDEX ix_models_gateway_id ON models (gateway_id);
CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';
CREATE INDEX ix_models_purge_at ON models (purge_at);
CREATE INDEX ix_models_catalogue_id ON models (catalogue_id);
CREATE INDEX ix_models_successor_uid ON models (successor_uid);
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
