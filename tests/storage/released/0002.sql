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
INSERT INTO "aliases" VALUES('als_nsagh7q4p2uf2m3eghsa','team_h4j6rs5p74dnuh6rxrt4','kept-too','mdl_k7u3acevuzdpi55al45o',1,1795288503052,1795288503052,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1795288500912,'system','team.create','ok','default','team_dyvpnpy4e4n7t5bee2j3',NULL,'{"action":"team.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"id":"team_dyvpnpy4e4n7t5bee2j3","name":"default"},"after_sha256":"52872f487b74873c9de32b317f014f00361214deba391f3511570ffe0782f2d0","at":"2026-11-21T19:15:00.912Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-8ab0-7bcf-bdf3-c0de4ba6ef5d","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","reason":null,"repeated":0,"request_id":null,"sealed_with":"46ecbcde","seq":1,"status":200,"target":{"kind":"team","name":"default","rev_after":1,"rev_before":null,"team":"default","uid":"team_dyvpnpy4e4n7t5bee2j3"}}','4a8eaf8a4642787ae116b0f13704a68865b1479984cb529729c2ef6042c9880a');
INSERT INTO "audit" VALUES(2,1795288501241,'system','model.create','ok','default','mdl_ruql5xkofxt33ttqh3b2',NULL,'{"action":"model.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"description":"Built in: repeats what it is told.","name":"echo","protected":false,"state":"active","stream_usage":true,"task":"chat","team_id":"team_dyvpnpy4e4n7t5bee2j3","uid":"mdl_ruql5xkofxt33ttqh3b2"},"after_sha256":"ee07e699815cc3f2c7db0ec728a32ef1c8f8c645ee5e741fac2fc0877b0048f7","at":"2026-11-21T19:15:01.241Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-8bf9-786d-986d-250d9c8be907","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"4a8eaf8a4642787ae116b0f13704a68865b1479984cb529729c2ef6042c9880a","reason":null,"repeated":0,"request_id":null,"sealed_with":"46ecbcde","seq":2,"status":200,"target":{"kind":"model","name":"echo","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_ruql5xkofxt33ttqh3b2"}}','d743962954590c2f484cff37ddc24f4ec5c298e6cda168428db3444e6920bf87');
INSERT INTO "audit" VALUES(3,1795288501241,'system','endpoint.create','ok','default','ep_5ml7j75o2laj2abn34bn',NULL,'{"action":"endpoint.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"base_url":"http://127.0.0.1:39039/v1","enabled":true,"id":"ep_5ml7j75o2laj2abn34bn","model_uid":"mdl_ruql5xkofxt33ttqh3b2","organization_headers":true,"weight":1},"after_sha256":"032671cfbfc968d019b42f88863a0c2d3880d7ed2a0ef167326bc762c930dfa8","at":"2026-11-21T19:15:01.241Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-8bf9-74ec-95a5-c522fd5147cf","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"d743962954590c2f484cff37ddc24f4ec5c298e6cda168428db3444e6920bf87","reason":null,"repeated":0,"request_id":null,"sealed_with":"46ecbcde","seq":3,"status":200,"target":{"kind":"endpoint","name":"http://127.0.0.1:39039/v1","rev_after":1,"rev_before":null,"team":"default","uid":"ep_5ml7j75o2laj2abn34bn"}}','247278c26d93afa4c53f363303d66265c3d81583410017d235f0daef3c1c9ba5');
INSERT INTO "audit" VALUES(4,1795288501633,'system','key.create','ok',NULL,'key_chsobltlv42tkix3glse',NULL,'{"action":"key.create","actor":{"id":null,"key_id":null,"name":"modelport","peer":null,"team":null,"type":"system","via":"system"},"after":{"env":"live","key_id":"cjtstmqkku","limited":false,"name":"first administrator","role":"admin"},"after_sha256":"fc90a9d7a4c9710af3b77dc5749223221230484b664fdf6f7d3f998587d453d5","at":"2026-11-21T19:15:01.633Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-8d81-7878-9974-abd528f79d38","idempotency_key":null,"operation_id":null,"outcome":"ok","prev_hash":"247278c26d93afa4c53f363303d66265c3d81583410017d235f0daef3c1c9ba5","reason":"the first key of the installation","repeated":0,"request_id":null,"sealed_with":"46ecbcde","seq":4,"status":200,"target":{"kind":"key","name":"first administrator","rev_after":1,"rev_before":null,"team":null,"uid":"key_chsobltlv42tkix3glse"}}','b12a39f946a6a5104e373713370016eb1a3914df6d32271a2477800b86715cab');
INSERT INTO "audit" VALUES(5,1795288502646,'key_chsobltlv42tkix3glse','team.create','ok','research','team_h4j6rs5p74dnuh6rxrt4','94df4b9b-f8c1-45b5-a937-700bdb848a6c','{"action":"team.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"description":"für alle","id":"team_h4j6rs5p74dnuh6rxrt4","name":"research"},"after_sha256":"d6f293f9efc6e3ffbcab8c53551d536094699097ccef731e620d65b1982bb853","at":"2026-11-21T19:15:02.646Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-9176-755b-9088-2b9c5b9b8171","idempotency_key":"30a2c43bade57f0043a7f5f7d5ac7945","operation_id":null,"outcome":"ok","prev_hash":"b12a39f946a6a5104e373713370016eb1a3914df6d32271a2477800b86715cab","reason":null,"repeated":0,"request_id":"94df4b9b-f8c1-45b5-a937-700bdb848a6c","sealed_with":"46ecbcde","seq":5,"status":200,"target":{"kind":"team","name":"research","rev_after":1,"rev_before":null,"team":"research","uid":"team_h4j6rs5p74dnuh6rxrt4"}}','8b7bf3025f9ae94df476c4be0c4a524364e1d56ea4b46502a847de998313f73b');
INSERT INTO "audit" VALUES(6,1795288502835,'key_chsobltlv42tkix3glse','gateway.create','ok',NULL,'gw_ns5z74d7fupvggsxwymm','374bde35-9021-4932-adfc-9ac238f35c07','{"action":"gateway.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"gw_ns5z74d7fupvggsxwymm","is_default":false,"name":"eu","url":"https://gateway.example.com"},"after_sha256":"601b731b31761c7b7534b9fa397b64f4e9684f0420cab18d0cd0a525ed404f81","at":"2026-11-21T19:15:02.835Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-9233-75bb-82f2-47be3eabad2a","idempotency_key":"4c3e09f3407b076aac387bf340ca8b8f","operation_id":null,"outcome":"ok","prev_hash":"8b7bf3025f9ae94df476c4be0c4a524364e1d56ea4b46502a847de998313f73b","reason":null,"repeated":0,"request_id":"374bde35-9021-4932-adfc-9ac238f35c07","sealed_with":"46ecbcde","seq":6,"status":200,"target":{"kind":"gateway","name":"eu","rev_after":1,"rev_before":null,"team":null,"uid":"gw_ns5z74d7fupvggsxwymm"}}','25660eb04553b435e349169aea253b5c9a1748d062c20fc0c278115c944bbaa6');
INSERT INTO "audit" VALUES(7,1795288502867,'key_chsobltlv42tkix3glse','model.create','ok','research','mdl_k7u3acevuzdpi55al45o','92849134-7033-496a-a7b7-6478fe8a206e','{"action":"model.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"gateway_id":"gw_ns5z74d7fupvggsxwymm","name":"kept","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_h4j6rs5p74dnuh6rxrt4","uid":"mdl_k7u3acevuzdpi55al45o","via":"gateway"},"after_sha256":"d9a16f3de25151cccaa6ceee1990958901093b45de2b1184857f3501f3227090","at":"2026-11-21T19:15:02.867Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-9253-70d5-8a4f-a658e335ecef","idempotency_key":"b68054cea1d9a77599383db4b30b5aa7","operation_id":null,"outcome":"ok","prev_hash":"25660eb04553b435e349169aea253b5c9a1748d062c20fc0c278115c944bbaa6","reason":null,"repeated":0,"request_id":"92849134-7033-496a-a7b7-6478fe8a206e","sealed_with":"46ecbcde","seq":7,"status":200,"target":{"kind":"model","name":"kept","rev_after":1,"rev_before":null,"team":"research","uid":"mdl_k7u3acevuzdpi55al45o"}}','ed4af8d5c30c57196178cc7d575d41ee19c8f483f877cae3da0e6083f71844fb');
INSERT INTO "audit" VALUES(8,1795288503005,'key_chsobltlv42tkix3glse','model.create','ok','default','mdl_7k2tfelxwbu4fihq64vm','fc43362b-984d-46a3-a365-683a241dfdda','{"action":"model.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"name":"bare","protected":false,"state":"active","stream_usage":false,"task":"chat","team_id":"team_dyvpnpy4e4n7t5bee2j3","uid":"mdl_7k2tfelxwbu4fihq64vm"},"after_sha256":"05b8989ad81df557b5220c5ac94ffe5e5998900f55c5eaf5977cd9d9c3d1a530","at":"2026-11-21T19:15:03.005Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-92dd-7347-9042-c8f2150cf65c","idempotency_key":"03ce0abea70739fabab91d9d94091f6b","operation_id":null,"outcome":"ok","prev_hash":"ed4af8d5c30c57196178cc7d575d41ee19c8f483f877cae3da0e6083f71844fb","reason":null,"repeated":0,"request_id":"fc43362b-984d-46a3-a365-683a241dfdda","sealed_with":"46ecbcde","seq":8,"status":200,"target":{"kind":"model","name":"bare","rev_after":1,"rev_before":null,"team":"default","uid":"mdl_7k2tfelxwbu4fihq64vm"}}','f0f2bfa76331df188f7692d0d0e7a538b7ce3d1aea2fd886f66f00ea6d825002');
INSERT INTO "audit" VALUES(9,1795288503052,'key_chsobltlv42tkix3glse','alias.create','ok','research','als_nsagh7q4p2uf2m3eghsa','a13e31b7-00b2-4307-af97-5320f3f8735b','{"action":"alias.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"id":"als_nsagh7q4p2uf2m3eghsa","model_uid":"mdl_k7u3acevuzdpi55al45o","name":"kept-too","team_id":"team_h4j6rs5p74dnuh6rxrt4"},"after_sha256":"7bb278482e270d27cdf247b99bd24e9cee74ab67ec3db2c58f99891fa51eb743","at":"2026-11-21T19:15:03.052Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-930c-7087-bb91-74f5447f701d","idempotency_key":"e79ea99c4ee7488d2bbecbba1849a6ff","operation_id":null,"outcome":"ok","prev_hash":"f0f2bfa76331df188f7692d0d0e7a538b7ce3d1aea2fd886f66f00ea6d825002","reason":null,"repeated":0,"request_id":"a13e31b7-00b2-4307-af97-5320f3f8735b","sealed_with":"46ecbcde","seq":9,"status":200,"target":{"kind":"alias","name":"kept-too","rev_after":1,"rev_before":null,"team":"research","uid":"als_nsagh7q4p2uf2m3eghsa"}}','cf85831e9e9ebdf0e1f3d182d6b45bb1de8db23165d405ebb43c99023bda8363');
INSERT INTO "audit" VALUES(10,1795288503126,'key_chsobltlv42tkix3glse','key.create','ok','default','key_vqdt3jiclfprps7z5r2z','05661cfe-03d1-49f0-a417-fef6ae6967dd','{"action":"key.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_chsobltlv42tkix3glse","env":"live","expires_at":1803064503203,"key_id":"ttutn2b666","limited":false,"name":"ci","role":"developer","team":"default"},"after_sha256":"e4d3adb078b61bea062b127cfd1bfab32cd29fef98f77b6a2126288d010a0226","at":"2026-11-21T19:15:03.126Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-9356-73ba-8cf4-7eaa91d70d0c","idempotency_key":"1aaa22c0005900a5e881bab5c54a5448","operation_id":null,"outcome":"ok","prev_hash":"cf85831e9e9ebdf0e1f3d182d6b45bb1de8db23165d405ebb43c99023bda8363","reason":null,"repeated":0,"request_id":"05661cfe-03d1-49f0-a417-fef6ae6967dd","sealed_with":"46ecbcde","seq":10,"status":200,"target":{"kind":"key","name":"ci","rev_after":1,"rev_before":null,"team":"default","uid":"key_vqdt3jiclfprps7z5r2z"}}','ca2c906a5eaa29d41fc02fee02956698d91286952522419364403c67bfc27b55');
INSERT INTO "audit" VALUES(11,1795288503274,'key_chsobltlv42tkix3glse','key.create','ok','research','key_kh7hg6eqy6fvfrjwik4p','8fd99026-6731-4140-aa4a-9445b2fcb066','{"action":"key.create","actor":{"id":"key_chsobltlv42tkix3glse","key_id":"key_chsobltlv42tkix3glse","name":"first administrator","peer":"127.0.0.1","team":null,"type":"key","via":"cli"},"after":{"created_by":"key_chsobltlv42tkix3glse","env":"live","expires_at":1803064503304,"key_id":"wcpagdul5m","limited":true,"models":["kept","kept-*","later"],"name":"some","role":"developer","team":"research"},"after_sha256":"0354acb05593bcf10cfdae640845ffd1c04ae0231c381da9848e73298744db6a","at":"2026-11-21T19:15:03.274Z","before":null,"before_sha256":null,"effects":[],"event_id":"01a1ff88-93ea-7769-81cd-1794e9287fd6","idempotency_key":"e28f4490d9ed122608ff86a2c03bf2c2","operation_id":null,"outcome":"ok","prev_hash":"ca2c906a5eaa29d41fc02fee02956698d91286952522419364403c67bfc27b55","reason":null,"repeated":0,"request_id":"8fd99026-6731-4140-aa4a-9445b2fcb066","sealed_with":"46ecbcde","seq":11,"status":200,"target":{"kind":"key","name":"some","rev_after":1,"rev_before":null,"team":"research","uid":"key_kh7hg6eqy6fvfrjwik4p"}}','bc132fd79983a8c0d142a08c05420a366174faf7fe156908a828374bdaccd857');
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
INSERT INTO "endpoints" VALUES('ep_5ml7j75o2laj2abn34bn','mdl_ruql5xkofxt33ttqh3b2','http://127.0.0.1:39039/v1',NULL,1,1,NULL,NULL,1,1,1795288501241,1795288501241,NULL,NULL);
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
INSERT INTO "gateways" VALUES('gw_ns5z74d7fupvggsxwymm','eu','https://gateway.example.com','',0,1,1795288502835,1795288502835,NULL,NULL);
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
INSERT INTO "idempotency" VALUES('key_chsobltlv42tkix3glse','30a2c43bade57f0043a7f5f7d5ac7945','38f978d14b337539cb27621d4d3926f129afc7ce4eb4c683bd43c948f05bfc72',201,X'7B2265746167223A225C227465616D5F68346A36727335703734646E75683672787274342E315C22222C22637265617465645F6174223A22323032362D31312D32315431393A31353A30322E3634365A222C22757064617465645F6174223A22323032362D31312D32315431393A31353A30322E3634365A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F72657365617263682F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33333931392F6163636573732F6D6F64656C732F72657365617263682F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C226964223A227465616D5F68346A36727335703734646E7568367278727434222C226E616D65223A227265736561726368222C226465736372697074696F6E223A2266C3BC7220616C6C65222C2264656661756C745F766961223A6E756C6C2C2267617465776179223A6E756C6C2C2264656661756C745F656E64706F696E7473223A7B7D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"team_h4j6rs5p74dnuh6rxrt4.1\"", "Location": "teams/team_h4j6rs5p74dnuh6rxrt4"}',1795288502646);
INSERT INTO "idempotency" VALUES('key_chsobltlv42tkix3glse','4c3e09f3407b076aac387bf340ca8b8f','b785fb7687f4825020fbf4b7e141c61d1bf72af29c5a9ef573f5bb1ab48ea68f',201,X'7B2265746167223A225C2267775F6E73357A37346437667570766767737877796D6D2E315C22222C22637265617465645F6174223A22323032362D31312D32315431393A31353A30322E3833355A222C22757064617465645F6174223A22323032362D31312D32315431393A31353A30322E3833355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A2267775F6E73357A37346437667570766767737877796D6D222C226E616D65223A226575222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226465736372697074696F6E223A22222C2269735F64656661756C74223A66616C73657D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"gw_ns5z74d7fupvggsxwymm.1\"", "Location": "gateways/gw_ns5z74d7fupvggsxwymm"}',1795288502835);
INSERT INTO "idempotency" VALUES('key_chsobltlv42tkix3glse','b68054cea1d9a77599383db4b30b5aa7','9b1a027121fc61be9b6bc27005bc0a9e3816a58aea83cfd3c25de0a00e604147',201,X'7B2265746167223A225C226D646C5F6B37753361636576757A6470693535616C34356F2E315C22222C22637265617465645F6174223A22323032362D31312D32315431393A31353A30322E3836375A222C22757064617465645F6174223A22323032362D31312D32315431393A31353A30322E3836375A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C2275726C223A2268747470733A2F2F676174657761792E6578616D706C652E636F6D222C226B696E64223A2267617465776179222C227761726E696E6773223A5B5D2C22756964223A226D646C5F6B37753361636576757A6470693535616C34356F222C226E616D65223A226B657074222C227465616D223A227265736561726368222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A226575222C2267617465776179223A226575222C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_k7u3acevuzdpi55al45o.1\"", "Location": "models/mdl_k7u3acevuzdpi55al45o"}',1795288502867);
INSERT INTO "idempotency" VALUES('key_chsobltlv42tkix3glse','03ce0abea70739fabab91d9d94091f6b','d0baeaa368bf601623dbc4ba400df04faf4e28ee43e47e3edc1d06e574e8044b',201,X'7B2265746167223A225C226D646C5F376B327466656C7877627534666968713634766D2E315C22222C22637265617465645F6174223A22323032362D31312D32315431393A31353A30332E3030355A222C22757064617465645F6174223A22323032362D31312D32315431393A31353A30332E3030355A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226865616C7468223A22756E70726F766564222C226C6173745F6572726F72223A6E756C6C2C22636865636B65645F6174223A6E756C6C2C22626173655F75726C223A222F6163636573732F6D6F64656C732F64656661756C742F222C2275726C223A22687474703A2F2F6C6F63616C686F73743A33333931392F6163636573732F6D6F64656C732F64656661756C742F222C226B696E64223A22736572766572222C227761726E696E6773223A5B5D2C22756964223A226D646C5F376B327466656C7877627534666968713634766D222C226E616D65223A2262617265222C227465616D223A2264656661756C74222C227461736B223A2263686174222C227374617465223A22616374697665222C2273746174655F6265666F7265223A6E756C6C2C226465707265636174696F6E223A6E756C6C2C2270726F746563746564223A66616C73652C2264656C6574655F74696D65223A6E756C6C2C2270757267655F74696D65223A6E756C6C2C22726561736F6E223A22222C227065726D697373696F6E73223A5B226368616E6765222C22646570726563617465222C2264697361626C65222C2264656C657465222C2264656C6574655F776974685F7265666572656E636573222C2270726F74656374225D2C226465736372697074696F6E223A22222C22766961223A6E756C6C2C2267617465776179223A6E756C6C2C2270617468223A6E756C6C2C2273747265616D5F7573616765223A66616C73652C2266697273745F627974655F74696D656F75745F73223A6E756C6C2C2269646C655F74696D656F75745F73223A6E756C6C2C22746F74616C5F74696D656F75745F73223A6E756C6C2C22647261696E5F666F725F75736167655F6D73223A6E756C6C2C22736F757263655F7265666572656E6365223A6E756C6C2C22736F757263655F646967657374223A6E756C6C2C22656E64706F696E7473223A5B5D2C22616C6961736573223A5B5D2C2266616C6C6261636B73223A5B5D7D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"mdl_7k2tfelxwbu4fihq64vm.1\"", "Location": "models/mdl_7k2tfelxwbu4fihq64vm"}',1795288503005);
INSERT INTO "idempotency" VALUES('key_chsobltlv42tkix3glse','e79ea99c4ee7488d2bbecbba1849a6ff','ed134a1b1ccde40ff565a7d2c9253d77dac02bfb2ac88af70623e2cfd7d77934',201,X'7B2265746167223A225C22616C735F6E7361676837713470327566326D3365676873612E315C22222C22637265617465645F6174223A22323032362D31312D32315431393A31353A30332E3035325A222C22757064617465645F6174223A22323032362D31312D32315431393A31353A30332E3035325A222C226D616E616765645F6279223A6E756C6C2C226D616E616765645F6174223A6E756C6C2C226964223A22616C735F6E7361676837713470327566326D336567687361222C226E616D65223A226B6570742D746F6F222C227465616D223A227265736561726368222C226D6F64656C5F756964223A226D646C5F6B37753361636576757A6470693535616C34356F222C226D6F64656C223A226B657074227D','{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "ETag": "\"als_nsagh7q4p2uf2m3eghsa.1\"", "Location": "aliases/als_nsagh7q4p2uf2m3eghsa"}',1795288503052);
CREATE TABLE key_models (
	key_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	pattern TEXT NOT NULL, 
	model_uid TEXT, 
	CONSTRAINT pk_key_models PRIMARY KEY (key_id, position), 
	CONSTRAINT fk_key_models_key_id FOREIGN KEY(key_id) REFERENCES keys (id) ON DELETE CASCADE, 
	CONSTRAINT fk_key_models_model_uid FOREIGN KEY(model_uid) REFERENCES models (uid) ON DELETE RESTRICT
);
INSERT INTO "key_models" VALUES('key_kh7hg6eqy6fvfrjwik4p',0,'kept','mdl_k7u3acevuzdpi55al45o');
INSERT INTO "key_models" VALUES('key_kh7hg6eqy6fvfrjwik4p',1,'kept-*',NULL);
INSERT INTO "key_models" VALUES('key_kh7hg6eqy6fvfrjwik4p',2,'later',NULL);
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
INSERT INTO "keys" VALUES('key_chsobltlv42tkix3glse','cjtstmqkku','live','first administrator',NULL,'admin',X'1A5FC73BF63A4C0D4284018836DCDB25BE7A14B759F4EA041D9F0022B778DE19','e1b3eec9',NULL,NULL,NULL,0,'[]',NULL,NULL,1795288502644,NULL,1,1795288501633,1795288501633,NULL,NULL);
INSERT INTO "keys" VALUES('key_vqdt3jiclfprps7z5r2z','ttutn2b666','live','ci','team_dyvpnpy4e4n7t5bee2j3','developer',X'D97BF996E2C8631EAB93D1F2D72B3E4B4121911B0D8C0AADB48725C549A09B63','e1b3eec9',NULL,NULL,NULL,0,'[]',1803064503203,NULL,NULL,'key_chsobltlv42tkix3glse',1,1795288503203,1795288503203,NULL,NULL);
INSERT INTO "keys" VALUES('key_kh7hg6eqy6fvfrjwik4p','wcpagdul5m','live','some','team_h4j6rs5p74dnuh6rxrt4','developer',X'76B7026DD3361A8E161A71F62E711FE0D474606892965EDAD3CE1AB37996E946','e1b3eec9',NULL,NULL,NULL,1,'[]',1803064503304,NULL,NULL,'key_chsobltlv42tkix3glse',1,1795288503304,1795288503304,NULL,NULL);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('registry_version','7');
INSERT INTO "meta" VALUES('keys_version','3');
INSERT INTO "meta" VALUES('audit_sequence','11');
INSERT INTO "meta" VALUES('audit_checkpoint','["vm:/tmp/tmpdzl0e1ys/data/audit-checkpoints.jsonl", 11]');
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
INSERT INTO "models" VALUES('mdl_ruql5xkofxt33ttqh3b2','team_dyvpnpy4e4n7t5bee2j3','echo','chat','active',NULL,NULL,NULL,'Built in: repeats what it is told.',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795288501241,1795288501241,NULL,NULL);
INSERT INTO "models" VALUES('mdl_k7u3acevuzdpi55al45o','team_h4j6rs5p74dnuh6rxrt4','kept','chat','active','gateway','gw_ns5z74d7fupvggsxwymm',NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',2,1795288502867,1795288502867,NULL,NULL);
INSERT INTO "models" VALUES('mdl_7k2tfelxwbu4fihq64vm','team_dyvpnpy4e4n7t5bee2j3','bare','chat','active',NULL,NULL,NULL,'',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,'',1,1795288503005,1795288503005,NULL,NULL);
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
INSERT INTO "registry_changes" VALUES(1,1,'teams','team_dyvpnpy4e4n7t5bee2j3');
INSERT INTO "registry_changes" VALUES(2,2,'models','mdl_ruql5xkofxt33ttqh3b2');
INSERT INTO "registry_changes" VALUES(3,2,'endpoints','ep_5ml7j75o2laj2abn34bn');
INSERT INTO "registry_changes" VALUES(4,3,'teams','team_h4j6rs5p74dnuh6rxrt4');
INSERT INTO "registry_changes" VALUES(5,4,'gateways','gw_ns5z74d7fupvggsxwymm');
INSERT INTO "registry_changes" VALUES(6,5,'models','mdl_k7u3acevuzdpi55al45o');
INSERT INTO "registry_changes" VALUES(7,6,'models','mdl_7k2tfelxwbu4fihq64vm');
INSERT INTO "registry_changes" VALUES(8,7,'models','mdl_k7u3acevuzdpi55al45o');
INSERT INTO "registry_changes" VALUES(9,7,'aliases','als_nsagh7q4p2uf2m3eghsa');
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
INSERT INTO "teams" VALUES('team_dyvpnpy4e4n7t5bee2j3','default','',NULL,NULL,1,1795288500912,1795288500912,NULL,NULL);
INSERT INTO "teams" VALUES('team_h4j6rs5p74dnuh6rxrt4','research','für alle',NULL,NULL,1,1795288502646,1795288502646,NULL,NULL);
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
INSERT INTO "usage_calls" VALUES(1,1795288505629,'default','key_chsobltlv42tkix3glse','mdl_ruql5xkofxt33ttqh3b2','echo','ep_5ml7j75o2laj2abn34bn','chat.completions',200,'complete','exact',4,1,0,0,4.87246529992262367159e+01,9.63609400059795,85,665,'c862a16c-3bb4-49c8-a496-565435ac4166');
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
INSERT INTO "usage_daily" VALUES('2026-11-21','default','key_chsobltlv42tkix3glse','echo','exact',1,4,1,0,0);
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
CREATE INDEX ix_operations_finished_at ON operations (finished_at);
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE INDEX ix_workers_heartbeat_at ON workers (heartbeat_at);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_target ON audit (target);
CREATE INDEX ix_audit_actor ON audit (actor);
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_stored_objects_created_at ON stored_objects (created_at);
CREATE INDEX ix_stored_objects_unfinished ON stored_objects (endpoint_id) WHERE unfinished_until IS NOT NULL;
CREATE INDEX ix_usage_calls_at ON usage_calls (at);
CREATE UNIQUE INDEX uq_gateways_is_default ON gateways (is_default) WHERE is_default;
CREATE INDEX ix_registry_changes_revision ON registry_changes (revision);
CREATE INDEX ix_teams_default_gateway_id ON teams (default_gateway_id);
CREATE INDEX ix_keys_team_id ON keys (team_id);
CREATE INDEX ix_models_gateway_id ON models (gateway_id);
CREATE INDEX ix_models_successor_uid ON models (successor_uid);
CREATE UNIQUE INDEX uq_models_team_id_name ON models (team_id, name) WHERE state != 'deleted';
CREATE INDEX ix_models_sunset_at ON models (sunset_at);
CREATE INDEX ix_models_purge_at ON models (purge_at);
CREATE INDEX ix_key_models_pattern ON key_models (pattern) WHERE model_uid IS NULL;
CREATE INDEX ix_key_models_model_uid ON key_models (model_uid);
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
