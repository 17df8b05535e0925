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
INSERT INTO "aliases" VALUES('als_fne2jhxrxlc2jhoxdwmt','team_bstswjgxvclnlyc5djc5','kept-too','mdl_nmezjgtrpy2spjyfogcj',1,1795284064841,1795284064841,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1795284064290,'system','team.create','ok','default','team_3vdyuxaz6yge6hvyv4vw',NULL,'{"action":"team.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"id":"team_3vdyuxaz6yge6hvyv4vw","name":"default"},"after_sha256":"9f4c377a6baea7e754e85840cd949bf56d6fe17b77b4dd427639bb444d651a57","at":"2026-11-21T18:01:04.290Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-d822-7524-8b33-44b2e922ed1d","idempotency_key":null,"operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":null,"sealed_with":"928fc528","seq":1,"status":200,"target":{"kind":"team","name":"default","rev_after":1,"rev_before":null,"team":"default","uid":"team_3vdyuxaz6yge6hvyv4vw"}}','a7beb82730954eb3c0a7673ca50b972f91bf8af1dcb748b93ab266bb8161f8fa');
INSERT INTO "audit" VALUES(2,1795284064410,'system','model.create','ok','default','mdl_stx6zmlxdozzjfddkahn',NULL,'{"action":"model.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"description":"Built in: repeats what it is told.","name":"echo","protected":false,"state":"active","stream_usage":true,"task":"chat","team_id":"team_3vdyuxaz6yge6hvyv4vw","uid":"mdl_stx6zmlxdozzjfddkahn"},"after_sha256":"a302637a8db26219f3bd2ad5ecc5645999d928a22a5b8b7e9e22372a88fa14b9","at":"2026-11-21T18:01:04.410Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-d89a-76d2-897f-5bd2c3f3da12","idempotency_key":null,"operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":null,"sealed_with":"928fc528","seq":2,"status":200,"target":{"kind":"model","name":"echo","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_stx6zmlxdozzjfddkahn"}}','6b6a9ab367705015fca0188f8ae173a38e3e59495806f752b53b6776644de384');
INSERT INTO "audit" VALUES(3,1795284064410,'system','endpoint.create','ok','default','ep_tx2nueixlx7mo63neqyb',NULL,'{"action":"endpoint.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"base_url":"http://127.0.0.1:34477/v1","enabled":true,"id":"ep_tx2nueixlx7mo63neqyb","model_uid":"mdl_stx6zmlxdozzjfddkahn","organization_headers":true,"weight":1},"after_sha256":"67e4ec34c5ec913533432f2e1b54f201ef1d04f400682e6e53f47d5d2d0f74de","at":"2026-11-21T18:01:04.410Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-d89a-75e1-b875-1161010952f3","idempotency_key":null,"operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":null,"sealed_with":"928fc528","seq":3,"status":200,"target":{"kind":"endpoint","name":"http://127.0.0.1:34477/v1","rev_after":1,"rev_before":null,"team":"default","uid":"ep_tx2nueixlx7mo63neqyb"}}','2f65e740a28ffea43684426f34aacd40decc749393a3dc1ad48cfd9b87d1859f');
INSERT INTO "audit" VALUES(4,1795284064681,'key_2q3lm4nb3c3e5hphslwf','team.create','ok','research','team_bstswjgxvclnlyc5djc5','a7709861-c621-401d-acae-979f510bf2b9','{"action":"team.create","actor":{"id":"key_2q3lm4nb3c3e5hphslwf","key_id":"key_2q3lm4nb3c3e5hphslwf","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"description":"für alle","id":"team_bstswjgxvclnlyc5djc5","name":"research"},"after_sha256":"ca3d14bddb89fd849aa7f2943a11d4d37af1b1efb5c7ed9a5fcd8005f6747f0e","at":"2026-11-21T18:01:04.681Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-d9a9-7cc5-8b91-3622baf367f8","idempotency_key":"33f41b9f38f2c16e7a387dd1f5210bbc","operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":"a7709861-c621-401d-acae-979f510bf2b9","sealed_with":"928fc528","seq":4,"status":200,"target":{"kind":"team","name":"research","rev_after":1,"rev_before":null,"team":"research","uid":"team_bstswjgxvclnlyc5djc5"}}','f684dd60f83502386077ac7020c7e10a22e8090e373ebba35e7a64166cfc3ec2');
INSERT INTO "audit" VALUES(5,1795284064742,'key_2q3lm4nb3c3e5hphslwf','gateway.create','ok',NULL,'gw_bokwr37bgdcbwevnqcft','89ca493e-454e-4236-a335-8f80ccce08fa','{"action":"gateway.create","actor":{"id":"key_2q3lm4nb3c3e5hphslwf","key_id":"key_2q3lm4nb3c3e5hphslwf","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"gw_bokwr37bgdcbwevnqcft","is_default":false,"name":"eu","url":"https://gateway.example.com"},"after_sha256":"a2f97bb573fdb0c476c351e587c590f9a5790975100b1e286214b7325611b08c","at":"2026-11-21T18:01:04.742Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-d9e6-7721-bb4a-52f199d11bf4","idempotency_key":"7df75bc392fd6ab2c8d26c4b8a365cf0","operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":"89ca493e-454e-4236-a335-8f80ccce08fa","sealed_with":"928fc528","seq":5,"status":200,"target":{"kind":"gateway","name":"eu","rev_after":1,"rev_before":null,"team":null,"uid":"gw_bokwr37bgdcbwevnqcft"}}','ac9ce9863716e0bab96daf5954081f04c12c3723814c1cfb641ea0042e6ced1c');
INSERT INTO "audit" VALUES(6,1795284064771,'key_2q3lm4nb3c3e5hphslwf','model.create','ok','research','mdl_nmezjgtrpy2spjyfogcj','8057a548-d7ec-45cb-abb7-037463cd8c58','{"action":"model.create","actor":{"id":"key_2q3lm4nb3c3e5hphslwf","key_id":"key_2q3lm4nb3c3e5hphslwf","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"gateway_id":"gw_bokwr37bgdcbwevnqcft","name":"kept","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_bstswjgxvclnlyc5djc5","uid":"mdl_nmezjgtrpy2spjyfogcj","via":"gateway"},"after_sha256":"0b0f0f4997ccc3789c8ca523360ff1686eb2bcd2b7aec96b2ccfb70dcebc134c","at":"2026-11-21T18:01:04.771Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-da03-7663-8c12-c82ea71a0d34","idempotency_key":"bf2e22c2a387c38ce2fc1209d94e86de","operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":"8057a548-d7ec-45cb-abb7-037463cd8c58","sealed_with":"928fc528","seq":6,"status":200,"target":{"kind":"model","name":"kept","rev_after":1,"rev_before":null,"team":"research","uid":"mdl_nmezjgtrpy2spjyfogcj"}}','9965edb728d63262ac0de2685ecc6ea77a374ca50152ab0a096ec9e1aad0915d');
INSERT INTO "audit" VALUES(7,1795284064807,'key_2q3lm4nb3c3e5hphslwf','model.create','ok','default','mdl_cymczzeawmoxr7wdqjdx','af4cf356-b8a8-4ff6-a2f4-41cb2523262c','{"action":"model.create","actor":{"id":"key_2q3lm4nb3c3e5hphslwf","key_id":"key_2q3lm4nb3c3e5hphslwf","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"name":"bare","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_3vdyuxaz6yge6hvyv4vw","uid":"mdl_cymczzeawmoxr7wdqjdx"},"after_sha256":"36f34d0252532946971f9edff3df8489335d9d86c80f5da7ad46fe2246a47bde","at":"2026-11-21T18:01:04.807Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-da27-78f7-a741-f82787d1db55","idempotency_key":"a00f854321a1148ec10646510e4e865f","operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":"af4cf356-b8a8-4ff6-a2f4-41cb2523262c","sealed_with":"928fc528","seq":7,"status":200,"target":{"kind":"model","name":"bare","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_cymczzeawmoxr7wdqjdx"}}','dcc5f78fd8b1252ebecadbc4c11e50efe008ef267b82aaa4f541ae34e1f0d4c2');
INSERT INTO "audit" VALUES(8,1795284064841,'key_2q3lm4nb3c3e5hphslwf','alias.create','ok','research','als_fne2jhxrxlc2jhoxdwmt','ce793943-9401-4af0-a931-37108a9d7c40','{"action":"alias.create","actor":{"id":"key_2q3lm4nb3c3e5hphslwf","key_id":"key_2q3lm4nb3c3e5hphslwf","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"als_fne2jhxrxlc2jhoxdwmt","model_uid":"mdl_nmezjgtrpy2spjyfogcj","name":"kept-too","team_id":"team_bstswjgxvclnlyc5djc5"},"after_sha256":"2a34fd2636963285d1376b414736521b0454ffbc539a19a4677cf43e564b9324","at":"2026-11-21T18:01:04.841Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff44-da49-74f9-b9df-445ffd46f5c5","idempotency_key":"37a5de8c3c61b7695a68b2b6925f31c4","operation_id":null,"outcome":"ok","reason":null,"repeated":0,"request_id":"ce793943-9401-4af0-a931-37108a9d7c40","sealed_with":"928fc528","seq":8,"status":200,"target":{"kind":"alias","name":"kept-too","rev_after":1,"rev_before":null,"team":"research","uid":"als_fne2jhxrxlc2jhoxdwmt"}}','eb941fb3fc7b63fb757ece2ed1e0271b1e396dafbaf9f4aa8fe8e888b89504e3');
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
INSERT INTO "endpoints" VALUES('ep_tx2nueixlx7mo63neqyb','mdl_stx6zmlxdozzjfddkahn','http://127.0.0.1:34477/v1',NULL,1,1,NULL,NULL,1,1,1795284064410,1795284064410,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_bokwr37bgdcbwevnqcft','eu','https://gateway.example.com','',0,1,1795284064742,1795284064742,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_2q3lm4nb3c3e5hphslwf','33f41b9f38f2c16e7a387dd1f5210bbc','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F62737473776A677876636C6E6C796335646A63352E315C22222C22637265617465645F6174223A22323032362D31312D32315431383A30313A30342E3638315A222C22757064617465645F6174223A22323032362D31312D32315431383A30313A30342E3638315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33383633372F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F62737473776A677876636C6E6C796335646A6335222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_bstswjgxvclnlyc5djc5.1\"", "Location": "teams/team_bstswjgxvclnlyc5djc5"}',1795284064681);
INSERT INTO "idempotency" VALUES('key_2q3lm4nb3c3e5hphslwf','7df75bc392fd6ab2c8d26c4b8a365cf0','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F626F6B7772333762676463627765766E716366742E315C22222C22637265617465645F6174223A22323032362D31312D32315431383A30313A30342E3734325A222C22757064617465645F6174223A22323032362D31312D32315431383A30313A30342E3734325A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F626F6B7772333762676463627765766E71636674222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_bokwr37bgdcbwevnqcft.1\"", "Location": "gateways/gw_bokwr37bgdcbwevnqcft"}',1795284064742);
INSERT INTO "idempotency" VALUES('key_2q3lm4nb3c3e5hphslwf','bf2e22c2a387c38ce2fc1209d94e86de','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F6E6D657A6A67747270793273706A79666F67636A2E315C22222C22637265617465645F6174223A22323032362D31312D32315431383A30313A30342E3737315A222C22757064617465645F6174223A22323032362D31312D32315431383A30313A30342E3737315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F6E6D657A6A67747270793273706A79666F67636A222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_nmezjgtrpy2spjyfogcj.1\"", "Location": "models/mdl_nmezjgtrpy2spjyfogcj"}',1795284064771);
INSERT INTO "idempotency" VALUES('key_2q3lm4nb3c3e5hphslwf','a00f854321a1148ec10646510e4e865f','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F63796D637A7A6561776D6F7872377764716A64782E315C22222C22637265617465645F6174223A22323032362D31312D32315431383A30313A30342E3830375A222C22757064617465645F6174223A22323032362D31312D32315431383A30313A30342E3830375A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33383633372F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F63796D637A7A6561776D6F7872377764716A6478222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_cymczzeawmoxr7wdqjdx.1\"", "Location": "models/mdl_cymczzeawmoxr7wdqjdx"}',1795284064807);
INSERT INTO "idempotency" VALUES('key_2q3lm4nb3c3e5hphslwf','37a5de8c3c61b7695a68b2b6925f31c4','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F666E65326A687872786C63326A686F7864776D742E315C22222C22637265617465645F6174223A22323032362D31312D32315431383A30313A30342E3834315A222C22757064617465645F6174223A22323032362D31312D32315431383A30313A30342E3834315A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F666E65326A687872786C63326A686F7864776D74222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F6E6D657A6A67747270793273706A79666F67636A222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_fne2jhxrxlc2jhoxdwmt.1\"", "Location": "aliases/als_fne2jhxrxlc2jhoxdwmt"}',1795284064841);
CREATE TABLE key_models (
	key_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	pattern TEXT NOT NULL, 
	model_uid TEXT, 
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position), 
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE, 
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
INSERT INTO "key_models" VALUES('key_5fkq4iveko3ozcqqjiix',0,'kept','mdl_nmezjgtrpy2spjyfogcj');
INSERT INTO "key_models" VALUES('key_5fkq4iveko3ozcqqjiix',1,'kept-*',NULL);
INSERT INTO "key_models" VALUES('key_5fkq4iveko3ozcqqjiix',2,'later',NULL);
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
INSERT INTO "keys" VALUES('key_2q3lm4nb3c3e5hphslwf','nxpqksvnol','live','first administrator',NULL,'admin',X'016CDC3F219848EE7B22788038BD720A52FA2A78F96FDAB38D60D427287F9108','376a715c',NULL,NULL,NULL,0,'[]',NULL,NULL,1795284064679,NULL,1,1795284064460,1795284064460,NULL,NULL);
INSERT INTO "keys" VALUES('key_cyrsb2xvxgbrp4472buv','fujoavk2ib','live','ci','team_3vdyuxaz6yge6hvyv4vw','developer',X'580A189117ABBBD88F9868950E1F63DFC106996AE1F51A66E5EF356C6E5A0966','376a715c',NULL,NULL,NULL,0,'[]',1803060064889,NULL,NULL,'key_2q3lm4nb3c3e5hphslwf',1,1795284064889,1795284064889,NULL,NULL);
INSERT INTO "keys" VALUES('key_5fkq4iveko3ozcqqjiix','tsp4my3ns2','live','some','team_bstswjgxvclnlyc5djc5','developer',X'0BDCAD1807118DEE541B0BF4B014085D043BB432889790AD346A8DD761D44E32','376a715c',NULL,NULL,NULL,1,'[]',1803060064904,NULL,NULL,'key_2q3lm4nb3c3e5hphslwf',1,1795284064904,1795284064904,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','3');
INSERT INTO "meta" VALUES('audit_sequence','8');
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
INSERT INTO "models" VALUES('mdl_stx6zmlxdozzjfddkahn','team_3vdyuxaz6yge6hvyv4vw','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795284064410,1795284064410,NULL,NULL);
INSERT INTO "models" VALUES('mdl_nmezjgtrpy2spjyfogcj','team_bstswjgxvclnlyc5djc5','kept','chat','active','gateway','gw_bokwr37bgdcbwevnqcft',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795284064771,1795284064771,NULL,NULL);
INSERT INTO "models" VALUES('mdl_cymczzeawmoxr7wdqjdx','team_3vdyuxaz6yge6hvyv4vw','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795284064807,1795284064807,NULL,NULL);
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
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_3vdyuxaz6yge6hvyv4vw');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_stx6zmlxdozzjfddkahn');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_tx2nueixlx7mo63neqyb');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_bstswjgxvclnlyc5djc5');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_bokwr37bgdcbwevnqcft');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_nmezjgtrpy2spjyfogcj');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_cymczzeawmoxr7wdqjdx');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_nmezjgtrpy2spjyfogcj');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_fne2jhxrxlc2jhoxdwmt');
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
INSERT INTO "teams" VALUES('team_3vdyuxaz6yge6hvyv4vw','default','',NULL,NULL,1,1795284064290,1795284064290,NULL,NULL);
INSERT INTO "teams" VALUES('team_bstswjgxvclnlyc5djc5','research','für alle',NULL,NULL,1,1795284064681,1795284064681,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795284065511,'default','key_2q3lm4nb3c3e5hphslwf','mdl_stx6zmlxdozzjfddkahn','echo','ep_tx2nueixlx7mo63neqyb','chat.completions',200,'complete','exact',4,1,0,0,2.42232119999243877828e+01,2.60732300012023188173e+00,85,665,'460f5c7d-82b6-45d7-a16f-ea76e746b3d3');
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
INSERT INTO "usage_daily" VALUES('2026-11-21','default','key_2q3lm4nb3c3e5hphslwf','echo','exact',1,4,1,0,0);
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
CREATE UNIQUE INDEX uq_operations_target ON operations (target) WHERE finished_at IS NULL AND target IS NOT NULL;
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE INDEX ix_operations_finished_at ON operations (finished_at);
CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_audit_actor ON audit (actor);
CREATE INDEX ix_audit_target ON audit (target);
CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);
CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;
CREATE INDEX ix_usage_calls_at ON usage_calls (at);
CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;
CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);
CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);
CREATE INDEX ix_keys_team_id ON keys (team_id);
CREATE INDEX ix_models_gateway_id ON models (gateway_id);
CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';
CREATE INDEX ix_models_successor_uid ON models (successor_uid);
CREATE INDEX ix_models_purge_at ON models (purge_at);
CREATE INDEX ix_key_models_model_uid ON key_models (model_uid);
CREATE INDEX ix_key_models_pattern ON key_models (pattern) WHERE model_uid IS NULL;
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
