"""The rules for recommendations, judged before they are published: as clients will read them, or not at all."""

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import CATALOG
from gateway.catalogue.recommend.rules import PATH, BadRules, Rules, check_rules


def check(repository: Repository, content: bytes) -> Rules:
    """Return the rules that are to be published.

    Raises:
        HubFault: a client would leave something of them out, or a running experiment would lose or move units.
    """
    published = repository.targets(CATALOG).targets.get(PATH)
    before = None if published is None else repository.read_target(published)
    try:
        return check_rules(content, before)
    except BadRules as error:
        raise HubFault(
            f"{PATH}: {error}", hint="nothing was published; docs/how-to/recommendations.md has what rules can say"
        ) from error
