"""The kinds of registries, the generic one last (preflight.md section 5).

Harbor and Quay are known by the names that their hosts usually have; under another one they are generic, and work.
"""

from typing import Final

from gateway.publish.providers.provider import Provider

PROVIDERS: Final[tuple[Provider, ...]] = (
    Provider(
        name="Docker Hub",
        hosts=r"(index\.|registry-1\.)?docker\.io",
        api="registry-1.docker.io",
        login="Make a token at https://hub.docker.com/settings/security, then: modelport registry login docker.io.",
        create="Make it at https://hub.docker.com/repository/create.",
        refusals=((r"^401|denied|insufficient", "Docker Hub lets {owner} be pushed to by its own members only."),),
        unproved=("the account's limit of private repositories",),
        page="https://hub.docker.com/r/{repository}/tags",
        lists_all=False,
    ),
    Provider(
        name="GHCR",
        hosts=r"ghcr\.io",
        login="Make a classic token with write:packages, then: modelport registry login ghcr.io.",
        refusals=(
            (
                r"^403|write_package|denied",
                (
                    "The package exists but this token has no write role; see the package's access settings at"
                    " https://github.com/orgs/{owner}/packages."
                ),
            ),
        ),
        page="https://github.com/{owner}?tab=packages",
        lists_all=False,
    ),
    Provider(
        name="ECR",
        hosts=r"([0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?|public\.ecr\.aws)",
        creates_on_push=False,
        login="Log in: aws ecr get-login-password | modelport registry login {host} --username AWS --password-stdin.",
        create="Create it: aws ecr create-repository --repository-name {repository}",
        refusals=((r"^403|denied", "The AWS role lacks ecr:InitiateLayerUpload or ecr:PutImage on {repository}."),),
        unproved=("immutable tags", "quota"),
        lists_all=False,
    ),
    Provider(
        name="Artifact Registry",
        hosts=r"([a-z0-9-]+-docker\.pkg\.dev|([a-z]+\.)?gcr\.io)",
        creates_on_push=False,
        login="Log in: gcloud auth print-access-token | modelport registry login {host} --username oauth2accesstoken"
        " --password-stdin.",
        create="Create it: gcloud artifacts repositories create",
        unproved=("immutable tags", "quota"),
        lists_all=False,
    ),
    Provider(
        name="Replicate",
        hosts=r"r8\.im",
        login="Take a token from https://replicate.com/account/api-tokens, then: modelport registry login r8.im.",
        page="https://replicate.com/{repository}",
        lists_all=False,
    ),
    Provider(
        name="Ollama",
        hosts=r"(registry\.)?ollama\.(ai|com)",
        api="registry.ollama.ai",
        refusals=(
            (r"^40[13]", "Push under the namespace that is your user name at ollama.com; {owner} is not yours."),
        ),
        page="https://ollama.com/{repository}",
        lists_all=False,
        namespace_is_user=True,
    ),
    Provider(
        name="Quay",
        hosts=r"quay\.io|quay\..+",
        login="Make a robot account with write rights at https://{host}, then: modelport registry login {host}.",
        refusals=((r"^401|unauthorized|insufficient", "The account may not write to {repository} on Quay."),),
        page="https://{host}/repository/{repository}?tab=tags",
        lists_all=False,
    ),
    Provider(
        name="Harbor",
        hosts=r"(.+\.)?harbor\..+|harbor",
        create="The project {owner} must be there first: make it at https://{host}/harbor/projects.",
        refusals=(
            (r"project .* not found", "Harbor has no project {owner}: make it at https://{host}/harbor/projects."),
            (r"immutable", "Harbor keeps {repository}:{tag} as it is (immutable tag). Use a new tag."),
        ),
        unproved=("quota", "immutable tags"),
    ),
    Provider(
        name="registry",
        create="Create it in the registry's own interface.",
    ),
)
