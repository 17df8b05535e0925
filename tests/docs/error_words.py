"""What each code means and what to do about it, for docs/reference/errors.md.

A code that is raised and has no words here, or the other way round, fails the check of the generated files.
"""

WORDS = {
    "alias_not_found": ("No alias of this name in the team.", "See `modelport aliases list`."),
    "answer_not_repeated": (
        "The request with this `Idempotency-Key` was carried out; its answer held a secret and is not shown again.",
        "Look at what was made, and make a new one if its secret is lost.",
    ),
    "bad_config": (
        "A setting is missing or wrong, so the process does not start; on the API, a reference cannot be read.",
        "The sentence names file, line and key: `modelport config check`.",
    ),
    "bad_fallback": (
        "A model is to take over for itself, twice, or for one that falls back to it.",
        "Leave it out of the list: `modelport models show MODEL` shows who takes over for whom.",
    ),
    "bad_filter": (
        "The filter of a bulk change is not understood; the sentence names the place.",
        "Write `team=acme and state=disabled and name=old-*`; every model is `name=*`.",
    ),
    "bad_host": ("The `Host` header is no host name with an optional port.", "Send the host of the address you call."),
    "bad_reference": (
        "What stands in place of a credential is no reference, or one that may not be used here.",
        "Write `env:NAME` or `file:PATH`, or send the key itself to be stored.",
    ),
    "bad_successor": (
        "The successor cannot take over: it is not there, not of the same team, or does not serve.",
        "Name an active model of the same team.",
    ),
    "batch_refused": (
        "Some models of the batch may not go, so none went; `items` lists each with its reasons.",
        "Take these out, or change what stands in their way.",
    ),
    "batch_too_large": (
        "A batch has at most 1000 models.",
        "Use a filter: `POST /api/v1/models:delete`.",
    ),
    "bundle_damaged": (
        "The list of models that came with this program is not the one that was signed: the installation is damaged.",
        "Install modelport again; a hub's list is not touched by it.",
    ),
    "catalogue_broken": (
        "The catalogue's own file is damaged. Calls and the registry do not use it.",
        "Nothing: it is set aside and built again by itself. `modelport catalogue status` shows how far that is.",
    ),
    "catalogue_changes_gone": (
        "Changes since that serial are not remembered any more.",
        "Take the whole list: `GET /api/v1/catalogue/models`.",
    ),
    "catalogue_disk_full": (
        "There is no room for the catalogue; the list that was there stays in use.",
        "Make room on the disk of the data directory.",
    ),
    "catalogue_empty": (
        "There is no list of models yet.",
        "Wait for the first look at the hub, or look at the data directory's rights.",
    ),
    "catalogue_held": (
        "The hub's new list takes very much away, so it waits for somebody.",
        "Look at `modelport catalogue status`; `modelport catalogue accept SERIAL` takes it.",
    ),
    "catalogue_not_held": (
        "No list of that serial waits to be accepted.",
        "`modelport catalogue status` shows which one does, if any.",
    ),
    "catalogue_unfit": (
        "What the hub signed does not hold together; nothing of it was taken.",
        "Tell the hub's owner.",
    ),
    "catalogue_wrong_state": (
        "A file of the hub leads to another list than its index names; nothing of it was taken.",
        "Nothing: the whole list is fetched instead. If it stays so, tell the hub's owner.",
    ),
    "config_refused": (
        "The configuration file was read again and has mistakes; the last good one stays in force.",
        "Each finding names file and line: mend them and reload.",
    ),
    "confirmation_mismatch": (
        "Another number of models would go than `confirm_count` says.",
        "Look at the plan once more, and send its number.",
    ),
    "confirmation_required": (
        "Many models would go, or some that were called within 24 hours.",
        "Look at the plan, then send its number as `confirm_count`.",
    ),
    "conflict": ("Somebody else changed the same thing at that moment.", "Read it again, then repeat the change."),
    "credential_unavailable": (
        "The credential that the endpoint names cannot be read now: the variable is not set, or the file is gone.",
        "The operator sets it and, for a variable, starts the server again.",
    ),
    "database_busy": (
        "The database is away or overloaded. Calls to models go on; changes and lists do not.",
        "Try again after `Retry-After`; `modelport doctor` looks at the database.",
    ),
    "deletion_protected": (
        "The model is protected from deletion.",
        "Take the protection off first, which is a permission of its own: `modelport models protect NAME off`.",
    ),
    "download_answer_odd": (
        "A server answers a download in a way that is not understood.",
        "Name another mirror.",
    ),
    "download_artefact_odd": (
        "What is known of a file does not fit together, such as a hash that is none.",
        "Correct it; of a catalogue entry, tell its publisher.",
    ),
    "download_chunk_differs": (
        "A part of the file keeps arriving with another content than the catalogue's list of chunks says.",
        "The server has another file: name a mirror, or tell its operator.",
    ),
    "download_digest_differs": (
        "The file arrived with another content than its SHA-256, and was thrown away.",
        "Check the SHA-256; if it is right, the server has another file.",
    ),
    "download_disk_full": (
        "The disk has no room for the file and 5 % more; nothing was fetched.",
        "Make room, or choose another folder.",
    ),
    "download_egress_denied": (
        "The egress policy forbids the address of a download, or one that it redirects to.",
        "An administrator allows it in `egress.allow_networks`.",
    ),
    "download_file_there": (
        "Another file has the name.",
        "Choose another name, or overwrite it.",
    ),
    "download_gave_up": (
        "A server was asked for the same bytes again and again without success.",
        "Try again later: what has arrived is kept.",
    ),
    "download_hash_missing": (
        "Nobody knows the file's SHA-256, so its content could not be checked.",
        "Send `sha256`; on the command line `--no-verify` takes it as it comes.",
    ),
    "download_keeps_changing": (
        "The server changed the file while it was fetched, several times.",
        "Wait until it is settled, then begin anew.",
    ),
    "download_length_differs": (
        "The server's file is longer or shorter than the one that is wanted.",
        "Check address, size and SHA-256.",
    ),
    "download_length_unknown": (
        "The server does not tell how long the file is.",
        "Send `size`.",
    ),
    "download_name_odd": (
        "The name leads out of the downloads folder, or is hidden.",
        "Write a relative path such as `acme/f.gguf`.",
    ),
    "download_name_unknown": (
        "The address does not end in the name of a file.",
        "Send `name`.",
    ),
    "download_no_files": (
        "The catalogue names no files of this entry.",
        "`modelport catalogue show ID` tells who serves it.",
    ),
    "download_no_quant": (
        "The entry has no file of this quantisation.",
        "Choose one of those that the hint lists.",
    ),
    "download_not_found": (
        "No download of this id.",
        "`GET /api/v1/downloads` lists those that are kept.",
    ),
    "download_redirected": (
        "The server sends the download to an address that is not followed.",
        "Give the final address.",
    ),
    "download_refused": (
        "The server answers with an error instead of the file.",
        "Check the address, and who may read it.",
    ),
    "download_several_files": (
        "The entry has several files.",
        "Send `quant`.",
    ),
    "download_too_many": (
        "More than 200 downloads are not finished.",
        "Wait for some of them, or cancel those that nobody wants.",
    ),
    "download_unwritable": (
        "The file cannot be written.",
        "Choose another folder, or mend the disk.",
    ),
    "download_url_credentials": (
        "The address of a file holds a user or a password.",
        "Leave them out; `modelport download --credential` sends a token.",
    ),
    "download_url_odd": (
        "It is no address of a file.",
        "Write it in full: `https://host/path/file`.",
    ),
    "download_wait_too_long": (
        "The server asks for more patience than two minutes.",
        "Come back then: what has arrived is kept.",
    ),
    "duplicate_key": (
        "A JSON body names a member twice, of which every reader sees another one.",
        "Remove one of the two.",
    ),
    "egress_denied": (
        "The address of the endpoint is not one that this server may connect to.",
        "The hint is the line to add under `egress` in the configuration, if it is meant.",
    ),
    "endpoint_not_found": ("No endpoint of this id.", "See `modelport endpoints list MODEL`."),
    "endpoint_referenced": ("Stored files, batches or responses live on this endpoint.", "Delete them first."),
    "entry_needs_key": (
        "The address in the catalogue's entry wants a key, and a catalogue has none.",
        "Name the address together with your key: `modelport models add NAME --from-catalogue ID --api-key env:NAME`.",
    ),
    "entry_not_found": (
        "The catalogue has no entry of this id.",
        "`modelport catalogue list --search WORD` finds some.",
    ),
    "entry_suppressed": (
        "The entry is kept out of the team's list: somebody did not want it, or deleted a model made of it.",
        "`modelport catalogue suppressions remove ID` offers it again.",
    ),
    "entry_unusable": (
        "No model can be made of the entry: it is retired, wrong, for a newer program, or says no address.",
        "The sentence says which; where an address is missing, give one with `--endpoint`.",
    ),
    "etag_mismatch": (
        "It was changed since you read it: `If-Match` names an older revision.",
        "Read it again and repeat the change; the answer holds the current `etag`.",
    ),
    "expectation_failed": ("`Expect` holds something else than `100-continue`.", "Leave the header out."),
    "gateway_loop": (
        "The call came back to this server through its own endpoint.",
        "Give the endpoint the address where the model really runs.",
    ),
    "gateway_not_found": ("No gateway of this name.", "See `modelport gateways list`."),
    "gateway_referenced": ("Models are published through this gateway.", "Publish them elsewhere first: `--via`."),
    "grace_too_long": (
        "Calls under way may not go on for so long here.",
        "Send a shorter `drain`, or raise `lifecycle.max_grace_s`.",
    ),
    "host_mismatch": (
        "The request line names another host than the `Host` header.",
        "Use an HTTP client that sends one host.",
    ),
    "hub_file_not_found": (
        "The signed metadata of the hub that is served on name no such file.",
        "Begin at `metadata/timestamp.json`; old files go when nothing names them any more.",
    ),
    "idempotency_mismatch": (
        "This `Idempotency-Key` was used for another request.",
        "Use a new key for each request that is not a repetition.",
    ),
    "internal_error": (
        "A fault of modelport. It is in the server's log with the request id.",
        "Report it with that log line; repeat the call if it may be repeated.",
    ),
    "invalid_api_key": (
        "No key, or one that is unknown, revoked, expired, or not allowed from this address. One text for all of them.",
        "Send `Authorization: Bearer mp_…`; `modelport keys list` shows which keys are good.",
    ),
    "invalid_api_key_value": (
        "The upstream's key holds characters that no header can carry.",
        "Paste the key alone, without quotes or line ends.",
    ),
    "invalid_cursor": ("The cursor of a list is not one of ours, or of another list.", "Begin without a cursor."),
    "invalid_framing": (
        "The request's length is told in two ways, or in one that nobody can rely on.",
        "Use an ordinary HTTP client; a proxy in between may be at fault.",
    ),
    "invalid_http": ("What arrived is no HTTP request.", "Call with http, or put a proxy with TLS in front for https."),
    "invalid_json": ("The body is not JSON.", "The sentence names the place."),
    "invalid_multipart": (
        "The body is not the multipart form that its header announces.",
        "Let the client build the form.",
    ),
    "invalid_name": (
        "The name holds characters that a model, team or gateway cannot have, or is reserved.",
        "The sentence says which characters may be used.",
    ),
    "invalid_path": ("A published path is no path of the server.", "Write it like `/access/models/team1/`."),
    "invalid_request": ("The request cannot be understood.", "The sentence says what was expected."),
    "invalid_type": ("A member of the body has another type than it must have.", "`param` names the member."),
    "invalid_url": (
        "An address is refused by the address rule.",
        "The sentence names the [rule](../explanation/addresses.md#refusals) and the way out.",
    ),
    "key_expired": ("The key has ended.", "Make a new one: `modelport keys create`."),
    "key_in_query": (
        "A key of ours stands in the address, where logs and histories keep it.",
        "Send it as `Authorization: Bearer`, and revoke this one.",
    ),
    "key_not_found": ("No key of this name or id.", "See `modelport keys list`."),
    "key_revoked": ("The key was revoked, for good.", "Make a new one: `modelport keys create`."),
    "key_too_wide": (
        "A key cannot make a key that may do more than itself.",
        "Ask for fewer rights, or use a key that has them.",
    ),
    "managed_by_api": (
        "The configuration file declares something that the API made before.",
        "Delete it over the API, or take it out of the file: nothing is taken over silently.",
    ),
    "managed_by_file": (
        "This object is declared in the configuration file; the sentence names file and line.",
        "Change it there: the server reads it again by itself.",
    ),
    "method_not_allowed": ("The path exists, but not for this method.", "The header `Allow` names the methods."),
    "misdirected_request": (
        "The `Host` of the request is not served here, which is also how DNS rebinding looks.",
        "Add the name to `server.allowed_hosts`, or set `server.public_origin`.",
    ),
    "missing_field": ("The body lacks a member that is needed.", "`param` names it."),
    "model_disabled": ("The model is switched off by its operator.", "Use another one, or ask its team."),
    "model_not_found": (
        "No model or alias of this name that this key may see.",
        "Look for a near name in the sentence; `GET /v1/models` lists what the key may call.",
    ),
    "model_purged": (
        "The model was purged; the answer's `tombstone` is what stays of it.",
        "It cannot come back: publish one under a new name, or when the name has rested.",
    ),
    "model_referenced": (
        "Something still points at the model: the refusal's `references` are the list, each with why it is in the way.",
        "Change these first, or send `references=cascade`, or `references=repoint` with a `successor`.",
    ),
    "model_retired": (
        "The model has left, or is leaving: new calls are refused, running ones end with its grace.",
        "Call the successor that the message and `Link` name; else see `GET /v1/models`.",
    ),
    "name_quarantined": (
        "The name belonged to a model that was purged, and rests: somebody may still call it.",
        "Choose another name, or take it all the same: `?reuse_name=true`.",
    ),
    "name_taken": ("Something of this name exists in the team.", "Take another name, or change the existing one."),
    "no_hub": (
        "No hub is configured, so there is nobody to ask.",
        "Set `catalogue.url` and `catalogue.root`.",
    ),
    "no_upstream_available": (
        "The model is known, but none of its endpoints can answer now.",
        "Try again after `Retry-After`; `modelport endpoints list MODEL` shows them.",
    ),
    "not_found": (
        "Nothing is at this address, or nothing that this key may see.",
        "Compare it with [the API](api.md).",
    ),
    "operation_in_progress": (
        "An operation has the same thing (`operation` names it), or a request with this `Idempotency-Key` still runs.",
        "Wait for it (`modelport operations watch ID`), then repeat.",
    ),
    "operation_not_found": (
        "No operation of this id, or one of another team. Finished ones are kept for `operations.days`.",
        "See `modelport operations list`.",
    ),
    "own_address": (
        "The endpoint's address is this very server: calls would go in a circle.",
        "Give the address where the model really runs; another name for a model is an alias.",
    ),
    "permission_denied": ("The key is good, but may not do this.", "The sentence names the permission that lacks."),
    "pin_not_found": (
        "The entry is not pinned.",
        "`modelport catalogue pin --list` shows what is.",
    ),
    "plan_changed": (
        "The models that a plan showed are others by now.",
        "Plan again (`force: false`), look at the difference, and send the new token.",
    ),
    "plan_required": (
        "A bulk change begins with the token of its plan.",
        "Send the same with `force: false` first.",
    ),
    "precondition_required": (
        "This change is made only on a known revision.",
        "Send `If-Match` with the `etag` that you read.",
    ),
    "preflight_failed": (
        "The check before publishing found a fault, so nothing was changed.",
        "Each finding says what is wrong and what mends it.",
    ),
    "proposal_not_found": (
        "No proposal of this id about one of your models.",
        "`modelport catalogue proposals list` shows those that are open.",
    ),
    "rate_limit_exceeded": ("Too many requests.", "Wait for `Retry-After`."),
    "referenced": ("Other things still point at it.", "The sentence names them: change or delete them first."),
    "registry_busy": (
        "The registry was changed again and again while the plan was compared.",
        "Try again after `Retry-After`.",
    ),
    "request_timeout": (
        "The body came too slowly.",
        "Send it faster, or raise `server.body_timeout_s` and lower `server.min_body_rate`.",
    ),
    "request_too_large": (
        "The body is larger than allowed; the sentence names the limit.",
        "Send less, or raise `server.max_body_bytes` or `server.max_upload_bytes`.",
    ),
    "shutting_down": ("The process was told to stop, and running calls had their time.", "Try again at once."),
    "slow_client": ("The caller read nothing for `timeouts.slow_client_s`.", "Read answers while they come."),
    "state_conflict": (
        "What was asked for does not fit the state that the model or operation is in; `state` names it.",
        "The hint says what is possible from there.",
    ),
    "suppression_not_found": (
        "The entry is not suppressed for that team.",
        "`modelport catalogue suppressions list` shows them with their teams.",
    ),
    "team_not_found": ("No team of this name.", "See `modelport teams list`."),
    "team_referenced": ("Models or keys are in the team.", "Delete them first."),
    "team_required": (
        "The key is of every team, so the request has to say which one is meant.",
        "Give `team`, or `--team` on the command line.",
    ),
    "too_many_checks": ("Too many checks of addresses are running.", "Wait for `Retry-After`."),
    "too_many_failures": (
        "Too many wrong keys came from this address.",
        "Wait for `Retry-After`, and send the right key.",
    ),
    "two_credentials": ("The request carries two keys that differ.", "Send one, as `Authorization: Bearer`."),
    "unexpected_body": ("A body came where none is read.", "Send the request without it."),
    "unknown_parameter": (
        "The query holds a parameter that is not known here.",
        "`param` names it; check its spelling.",
    ),
    "unsupported_content_encoding": (
        "The body is in a coding that is not read.",
        "Send it as it is, without a coding.",
    ),
    "unsupported_media_type": (
        "The body is of a type that is not taken here.",
        "Send `application/json`, or a form where one is asked for.",
    ),
    "upgrade_not_supported": (
        "The request wants another protocol on this connection.",
        "Call with plain HTTP/1.1; WebSockets are not carried.",
    ),
    "upstream_auth_failed": (
        "The upstream refused the credential of the endpoint. The caller's key is fine.",
        "The operator renews the endpoint's `api_key`.",
    ),
    "upstream_bad_response": (
        "The upstream answered something that is no HTTP, or cannot be passed on.",
        "The operator looks at the upstream.",
    ),
    "upstream_connect_failed": (
        "No connection to the upstream could be made, so nothing was sent.",
        "The operator looks whether it runs: `modelport doctor`.",
    ),
    "upstream_disconnected": ("The upstream hung up before a whole answer.", "Repeat the call if it may be repeated."),
    "upstream_error": (
        "The upstream answered with an error and without a message that could be passed on.",
        "`upstream_status` says which; the operator looks at the upstream.",
    ),
    "upstream_idle_timeout": (
        "The upstream fell silent inside its answer.",
        "Raise `timeouts.idle_s`, or the model's own limit, if such silences are normal.",
    ),
    "upstream_redirect": (
        "The upstream answered with a redirect, which is never followed: a key would go to a new host.",
        "Register the final address as the endpoint's `base_url`.",
    ),
    "upstream_timeout": (
        "The answer did not begin, or did not end, in time.",
        "Raise `timeouts.first_byte_s` or `timeouts.total_s`, or stream the answer.",
    ),
    "validation_failed": ("The values do not fit.", "`errors` has one entry for each field."),
}
