"""Walks through the Management API with Okta's client for Python, as a program of a customer would.

Prints a line a step; ends at the first wrong answer. The server's address and token come as OKTA_CLIENT_ORGURL and
OKTA_CLIENT_TOKEN, as the client reads them itself.
"""

import asyncio

from okta import models
from okta.client import Client
from okta.pagination import paginate_all, paginate_pages

#: People of the feed that the server was started with.
FED = 2500


def done(step):
    print("ok:", step, flush=True)


def same(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def good(answer):
    """What a call answers: (object, response, error), or (response, error) where there is no object."""
    assert answer[-1] is None, answer[-1]
    return answer[0] if len(answer) == 3 else None


def refused(answer, status, code):
    error = answer[-1]
    assert error is not None, f"done instead of refused: {answer[0]}"
    same((error.status, error.error_code), (status, code))


def profile(name, **more):
    login = f"{name}@py.example.org"
    return models.UserProfile(login=login, email=login, firstName=name.title(), lastName="Python", **more)


def password():
    return models.UserCredentialsWritable(password=models.PasswordCredential(value="Abcd1234!"))


async def status_of(client, user):
    return good(await client.get_user(user)).status.value


async def users(client):
    me = good(await client.get_user("me"))
    assert me.id
    done("who am I")

    new = models.CreateUserRequest(profile=profile("joiner"))
    joiner = good(await client.create_user(new, activate=False))
    same(joiner.status.value, "STAGED")
    good(await client.activate_user(joiner.id, send_email=False))
    assert await status_of(client, joiner.id) in ("ACTIVE", "PROVISIONED")
    done("a joiner is created staged and activated")

    new = models.CreateUserRequest(profile=profile("mover"), credentials=password())
    mover = good(await client.create_user(new, activate=True))
    same(mover.status.value, "ACTIVE")
    same(good(await client.get_user("mover@py.example.org")).id, mover.id)
    refused(await client.create_user(new), 400, "E0000001")
    done("a login is taken once")

    part = models.UpdateUserRequest(profile=models.UserProfile(title="Cook", department="Kitchen"))
    mover = good(await client.update_user(mover.id, part))
    same((mover.profile.title, mover.profile.first_name), ("Cook", "Mover"))
    whole = models.UpdateUserRequest(profile=profile("mover", title="Chef"))
    mover = good(await client.replace_user(mover.id, whole))
    same((mover.profile.title, mover.profile.department), ("Chef", None))
    done("a mover is changed in part and as a whole")

    for act, then in [("suspend", "SUSPENDED"), ("unsuspend", "ACTIVE"), ("deactivate", "DEPROVISIONED")]:
        good(await getattr(client, f"{act}_user")(mover.id))
        same(await status_of(client, mover.id), then)
    refused(await client.unsuspend_user(mover.id), 400, "E0000001")
    good(await client.delete_user(mover.id))
    refused(await client.get_user(mover.id), 404, "E0000007")
    good(await client.delete_user(joiner.id))
    same(await status_of(client, joiner.id), "DEPROVISIONED")
    good(await client.delete_user(joiner.id))
    refused(await client.get_user(joiner.id), 404, "E0000007")
    done("leavers are suspended, deactivated and deleted in two steps")


async def groups(client):
    async def names(**query):
        return sorted(group.profile.actual_instance.name for group in good(await client.list_groups(**query)))

    def group(name, description):
        return models.AddGroupRequest(profile=models.OktaUserGroupProfile(name=name, description=description))

    cooks = good(await client.add_group(group("Py Cooks", "Who cook")))
    same((cooks.type.value, cooks.profile.actual_instance.description), ("OKTA_GROUP", "Who cook"))
    waiters = good(await client.add_group(group("Py Waiters", "Who wait")))
    refused(await client.add_group(group("Py Cooks", "")), 400, "E0000001")
    cooks = good(await client.replace_group(cooks.id, group("Py Chefs", "Who lead")))
    same(good(await client.get_group(cooks.id)).profile.actual_instance.name, "Py Chefs")
    done("groups are created and changed")

    same(await names(q="Py "), ["Py Chefs", "Py Waiters"])
    same(await names(search='profile.name eq "Py Waiters"'), ["Py Waiters"])
    same(await names(search='type eq "OKTA_GROUP" and profile.name sw "Py C"'), ["Py Chefs"])
    same(await names(filter='type eq "BUILT_IN"'), ["Everyone"])
    done("groups are found")

    async def members(group_id):
        return sorted(user.profile.login.split("@")[0] for user in good(await client.list_group_users(group_id)))

    new = models.CreateUserRequest(profile=profile("ann"), credentials=password(), groupIds=[cooks.id])
    ann = good(await client.create_user(new, activate=True))
    bob = good(await client.create_user(models.CreateUserRequest(profile=profile("bob")), activate=True))
    good(await client.assign_user_to_group(cooks.id, bob.id))
    same(await members(cooks.id), ["ann", "bob"])
    of_ann = good(await client.list_user_groups(ann.id))
    same(sorted(group.profile.actual_instance.name for group in of_ann), ["Everyone", "Py Chefs"])
    good(await client.unassign_user_from_group(cooks.id, bob.id))
    same(await members(cooks.id), ["ann"])
    done("people come into groups and leave them")

    good(await client.delete_group(waiters.id))
    refused(await client.get_group(waiters.id), 404, "E0000007")
    done("a group is deleted")
    return ann, bob, cooks


async def rules(client, bob, cooks):
    def rule(value, name="Py bakers"):
        expression = models.GroupRuleExpression(type="urn:okta:expression:1.0", value=value)
        give = models.GroupRuleGroupAssignment(groupIds=[cooks.id])
        return dict(
            name=name,
            type="group_rule",
            conditions=models.GroupRuleConditions(expression=expression),
            actions=models.GroupRuleAction(assignUserToGroups=give),
        )

    async def is_member():
        return bob.id in [user.id for user in good(await client.list_group_users(cooks.id))]

    async def put(department):
        change = models.UpdateUserRequest(profile=models.UserProfile(department=department))
        good(await client.update_user(bob.id, change))

    new = models.CreateGroupRuleRequest(**rule('user.department == "Py Bakery"'))
    made = good(await client.create_group_rule(new))
    same((made.status.value, made.name), ("INACTIVE", "Py bakers"))
    await put("Py Bakery")
    assert not await is_member()
    good(await client.activate_group_rule(made.id))
    same(good(await client.get_group_rule(made.id)).status.value, "ACTIVE")
    assert await is_member()
    await put("Py Office")
    assert not await is_member()
    done("members follow a rule")

    good(await client.deactivate_group_rule(made.id))
    changed = models.GroupRule(**rule('user.department == "Py Office"', "Py clerks"))
    made = good(await client.replace_group_rule(made.id, changed))
    same((made.name, made.conditions.expression.value), ("Py clerks", 'user.department == "Py Office"'))
    assert not await is_member()
    good(await client.activate_group_rule(made.id))
    assert await is_member()
    same([rule.id for rule in good(await client.list_group_rules(search="Py clerks"))], [made.id])
    done("a rule is changed while it is inactive")

    good(await client.deactivate_group_rule(made.id))
    good(await client.delete_group_rule(made.id, remove_users=True))
    refused(await client.get_group_rule(made.id), 404, "E0000007")
    assert not await is_member()
    done("a rule is deleted with its members")


async def schemas(client, ann):
    def custom(**properties):
        return models.UserSchema(
            definitions=models.UserSchemaDefinitions(custom=models.UserSchemaPublic(properties=properties))
        )

    badge = models.UserSchemaAttribute(title="Badge", type="string", maxLength=20, unique=True)
    schema = good(await client.update_user_profile("default", custom(pyBadge=badge)))
    found = schema.definitions.custom.properties["pyBadge"]
    same((found.title, found.type.value, found.max_length, found.unique), ("Badge", "string", 20, True))
    assert "pyBadge" in good(await client.get_user_schema("default")).definitions.custom.properties
    value = models.UserProfile()
    value.additional_properties = {"pyBadge": "B-1"}
    user = good(await client.update_user(ann.id, models.UpdateUserRequest(profile=value)))
    same(user.profile.additional_properties["pyBadge"], "B-1")
    done("an attribute is added to the schema and to a person")

    # Null takes an attribute away, and the client's model of a schema has no way to say it: a request by hand.
    body = {"definitions": {"custom": {"properties": {"pyBadge": None}}}}
    executor, path = client.get_request_executor(), "/api/v1/meta/schemas/user/default"
    request, error = await executor.create_request("POST", path, body, {}, keep_empty_params=True)
    assert error is None, error
    assert (await executor.execute(request))[-1] is None
    assert "pyBadge" not in good(await client.get_user_schema("default")).definitions.custom.properties
    assert "pyBadge" not in good(await client.get_user(ann.id)).profile.additional_properties
    done("an attribute is taken away")


async def apps(client, ann, bob, cooks):
    def bookmark(label, url):
        app = models.BookmarkApplicationSettingsApplication(url=url, requestIntegration=False)
        return models.BookmarkApplication(
            name="bookmark",
            label=label,
            signOnMode="BOOKMARK",
            settings=models.BookmarkApplicationSettings(app=app),
        )

    app = good(await client.create_application(bookmark("Py Wiki", "https://wiki.example.org"), activate=True))
    same((type(app), app.status.value), (models.BookmarkApplication, "ACTIVE"))
    app = good(await client.replace_application(app.id, bookmark("Py Lore", "https://lore.example.org")))
    same((app.label, app.settings.app.url), ("Py Lore", "https://lore.example.org"))
    good(await client.deactivate_application(app.id))
    same(good(await client.get_application(app.id)).status.value, "INACTIVE")
    good(await client.activate_application(app.id))
    same([found.id for found in good(await client.list_applications(q="Py Lore"))], [app.id])
    assert len(good(await client.list_applications())) > 1
    done("an application is created, changed, deactivated and activated")

    new = models.AppUserAssignRequest(id=bob.id, scope="USER", profile={"role": "reader"})
    user = good(await client.assign_user_to_application(app.id, new))
    same((user.id, user.scope, user.profile["role"]), (bob.id, "USER", "reader"))
    change = models.AppUserProfileRequestPayload(profile={"role": "writer"})
    change = models.AppUserUpdateRequest(actual_instance=change)
    user = good(await client.update_application_user(app.id, bob.id, change))
    same(user.profile["role"], "writer")
    done("a person is assigned, with a profile that is changed")

    give = models.ApplicationGroupAssignment(priority=0, profile={"role": "cook"})
    given = good(await client.assign_group_to_application(app.id, cooks.id, give))
    same((given.id, given.priority, given.profile["role"]), (cooks.id, 0, "cook"))
    user = good(await client.get_application_user(app.id, ann.id))
    same((user.scope, user.profile["role"]), ("GROUP", "cook"))
    same([found.id for found in good(await client.list_application_group_assignments(app.id))], [cooks.id])
    users = good(await client.list_application_users(app.id))
    same(sorted(user.id for user in users), sorted([ann.id, bob.id]))
    same([found.id for found in good(await client.list_assigned_applications_for_group(cooks.id))], [app.id])
    done("a group is assigned, with a priority and a profile")

    good(await client.unassign_application_from_group(app.id, cooks.id))
    refused(await client.get_application_user(app.id, ann.id), 404, "E0000007")
    good(await client.unassign_user_from_application(app.id, bob.id))
    same(good(await client.list_application_users(app.id)), [])
    good(await client.deactivate_application(app.id))
    good(await client.delete_application(app.id))
    refused(await client.get_application(app.id), 404, "E0000007")
    done("assignments are taken away and the application is deleted")


async def logs(client):
    created = 'eventType eq "user.lifecycle.create"'
    logins = []
    async for event in paginate_all(client.list_log_events, limit=1000, filter=created):
        logins += [target.alternate_id for target in event.target if target.type == "User"]
    same(len(logins), len(set(logins)))
    ours = [login for login in logins if login.startswith(("joiner@", "mover@"))]
    same(ours, ["joiner@py.example.org", "mover@py.example.org"])
    assert len(logins) >= FED, len(logins)
    latest = good(await client.list_log_events(limit=1, sort_order="DESCENDING"))
    same(len(latest), 1)
    assert latest[0].published and latest[0].actor.id and latest[0].outcome.result
    done("the log is polled")


async def paging(client):
    ids = [user.id async for user in paginate_all(client.list_users, limit=200)]
    same(len(ids), len(set(ids)))
    assert len(ids) >= FED, len(ids)
    search = 'profile.department eq "Fed"'
    pages = [len(page) async for page, _, _ in paginate_pages(client.list_users, limit=100, search=search)]
    same(pages, [100] * (FED // 100))
    done("all pages of a list")


async def main():
    async with Client() as client:
        await users(client)
        ann, bob, cooks = await groups(client)
        await rules(client, bob, cooks)
        await schemas(client, ann)
        await apps(client, ann, bob, cooks)
        await logs(client)
        await paging(client)


asyncio.run(main())
