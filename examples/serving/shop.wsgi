# For mod_wsgi, where it is named by WSGIScriptAlias, and for uWSGI.
import os

# Apache's SetEnv reaches requests only, and this is read before the first.
os.environ["COOKIEGUARD_CONFIG"] = os.path.join(os.path.dirname(__file__), "cookieguard.toml")

from cookieguard.serve import application
