"""Model packages in OCI registries: knowing beforehand whether a push will succeed, pushing, and pulling back.

reference   registry.host/team/model:tag, and what is wrong with one (pure)
package     a directory as a ModelPack manifest; `layout` keeps it in the cache directory
client      one registry over HTTP: `authority` (tokens), `answers` (what it said), `location` (where it sends us)
credentials whose account a push uses; never shown
preflight   the stages of the check; `providers` know what each kind of registry proves
push, pull  the long part
messages    every text, in one table
"""
