// Walks through the Management API with Okta's client for Node.js, as a program of a customer would.
//
// Prints a line a step; ends at the first wrong answer. The server's address and token come as OKTA_CLIENT_ORGURL and
// OKTA_CLIENT_TOKEN, as the client reads them itself.
'use strict';

const { deepStrictEqual: same, rejects, ok } = require('node:assert');
const { Client } = require('@okta/okta-sdk-nodejs');

// People of the feed that the server was started with.
const FED = 2500;

const done = (step) => console.log('ok:', step);
const refused = (call, status, errorCode) => rejects(call, { status, errorCode });

function profile(name, more) {
  const login = `${name}@node.example.org`;
  return { login, email: login, firstName: name, lastName: 'Node', ...more };
}

async function all(collection) {
  const items = [];
  await (await collection).each((item) => { items.push(item); });
  return items;
}

async function users({ userApi }) {
  ok((await userApi.getUser({ userId: 'me' })).id);
  done('who am I');

  const statusOf = async (userId) => (await userApi.getUser({ userId })).status;
  const joiner = await userApi.createUser({ body: { profile: profile('joiner') }, activate: false });
  same(joiner.status, 'STAGED');
  await userApi.activateUser({ userId: joiner.id, sendEmail: false });
  ok(['ACTIVE', 'PROVISIONED'].includes(await statusOf(joiner.id)));
  done('a joiner is created staged and activated');

  const body = { profile: profile('mover'), credentials: { password: { value: 'Abcd1234!' } } };
  const { id: userId, status, created } = await userApi.createUser({ body, activate: true });
  same(status, 'ACTIVE');
  ok(created instanceof Date);
  same((await userApi.getUser({ userId: body.profile.login })).id, userId);
  await refused(userApi.createUser({ body }), 400, 'E0000001');
  done('a login is taken once');

  let mover = await userApi.updateUser({ userId, user: { profile: { title: 'Cook', department: 'Kitchen' } } });
  same([mover.profile.title, mover.profile.firstName], ['Cook', 'mover']);
  mover = await userApi.replaceUser({ userId, user: { profile: profile('mover', { title: 'Chef' }) } });
  same([mover.profile.title, mover.profile.department], ['Chef', undefined]);
  done('a mover is changed in part and as a whole');

  for (const [act, then] of [['suspend', 'SUSPENDED'], ['unsuspend', 'ACTIVE'], ['deactivate', 'DEPROVISIONED']]) {
    await userApi[`${act}User`]({ userId });
    same(await statusOf(userId), then);
  }
  await refused(userApi.unsuspendUser({ userId }), 400, 'E0000001');
  await userApi.deleteUser({ userId });
  await refused(userApi.getUser({ userId }), 404, 'E0000007');
  await userApi.deleteUser({ userId: joiner.id });
  same(await statusOf(joiner.id), 'DEPROVISIONED');
  await userApi.deleteUser({ userId: joiner.id });
  await refused(userApi.getUser({ userId: joiner.id }), 404, 'E0000007');
  done('leavers are suspended, deactivated and deleted in two steps');
}

async function groups({ userApi, groupApi }) {
  const names = async (query) => (await all(groupApi.listGroups(query))).map((group) => group.profile.name).sort();
  const create = (name, description) => groupApi.createGroup({ group: { profile: { name, description } } });

  let cooks = await create('Node Cooks', 'Who cook');
  same([cooks.type, cooks.profile.description], ['OKTA_GROUP', 'Who cook']);
  const waiters = await create('Node Waiters', 'Who wait');
  await refused(create('Node Cooks', ''), 400, 'E0000001');
  const groupId = cooks.id;
  cooks = await groupApi.replaceGroup({ groupId, group: { profile: { name: 'Node Chefs', description: 'Who lead' } } });
  same((await groupApi.getGroup({ groupId })).profile.name, 'Node Chefs');
  done('groups are created and changed');

  same(await names({ q: 'Node ' }), ['Node Chefs', 'Node Waiters']);
  same(await names({ search: 'profile.name eq "Node Waiters"' }), ['Node Waiters']);
  same(await names({ search: 'type eq "OKTA_GROUP" and profile.name sw "Node C"' }), ['Node Chefs']);
  same(await names({ filter: 'type eq "BUILT_IN"' }), ['Everyone']);
  done('groups are found');

  const members = async () => (await all(groupApi.listGroupUsers({ groupId }))).map((user) => user.profile.firstName).sort();
  const body = { profile: profile('ann'), credentials: { password: { value: 'Abcd1234!' } }, groupIds: [groupId] };
  const ann = await userApi.createUser({ body, activate: true });
  const bob = await userApi.createUser({ body: { profile: profile('bob') }, activate: true });
  await groupApi.assignUserToGroup({ groupId, userId: bob.id });
  same(await members(), ['ann', 'bob']);
  const ofAnn = await all(userApi.listUserGroups({ userId: ann.id }));
  same(ofAnn.map((group) => group.profile.name).sort(), ['Everyone', 'Node Chefs']);
  await groupApi.unassignUserFromGroup({ groupId, userId: bob.id });
  same(await members(), ['ann']);
  done('people come into groups and leave them');

  await groupApi.deleteGroup({ groupId: waiters.id });
  await refused(groupApi.getGroup({ groupId: waiters.id }), 404, 'E0000007');
  done('a group is deleted');
  return { ann: ann.id, bob: bob.id, cooks: groupId };
}

async function rules({ userApi, groupApi }, { bob, cooks }) {
  const rule = (value, name) => ({
    name,
    type: 'group_rule',
    conditions: { expression: { type: 'urn:okta:expression:1.0', value } },
    actions: { assignUserToGroups: { groupIds: [cooks] } },
  });
  const isMember = async () => (await all(groupApi.listGroupUsers({ groupId: cooks }))).some((user) => user.id === bob);
  const put = (department) => userApi.updateUser({ userId: bob, user: { profile: { department } } });

  let made = await groupApi.createGroupRule({ groupRule: rule('user.department == "Node Bakery"', 'Node bakers') });
  const ruleId = made.id;
  same([made.status, made.name], ['INACTIVE', 'Node bakers']);
  await put('Node Bakery');
  same(await isMember(), false);
  await groupApi.activateGroupRule({ ruleId });
  same((await groupApi.getGroupRule({ ruleId })).status, 'ACTIVE');
  same(await isMember(), true);
  await put('Node Office');
  same(await isMember(), false);
  done('members follow a rule');

  await groupApi.deactivateGroupRule({ ruleId });
  made = await groupApi.replaceGroupRule({ ruleId, groupRule: rule('user.department == "Node Office"', 'Node clerks') });
  same([made.name, made.conditions.expression.value], ['Node clerks', 'user.department == "Node Office"']);
  same(await isMember(), false);
  await groupApi.activateGroupRule({ ruleId });
  same(await isMember(), true);
  same((await all(groupApi.listGroupRules({ search: 'Node clerks' }))).map((found) => found.id), [ruleId]);
  done('a rule is changed while it is inactive');

  await groupApi.deactivateGroupRule({ ruleId });
  await groupApi.deleteGroupRule({ ruleId, removeUsers: true });
  await refused(groupApi.getGroupRule({ ruleId }), 404, 'E0000007');
  same(await isMember(), false);
  done('a rule is deleted with its members');
}

async function schemas({ userApi, schemaApi }, { ann }) {
  const schemaId = 'default';
  const update = (properties) =>
    schemaApi.updateUserProfile({ schemaId, userSchema: { definitions: { custom: { id: '#custom', type: 'object', properties } } } });

  const schema = await update({ nodeBadge: { title: 'Badge', type: 'string', maxLength: 20, unique: true } });
  const { title, type, maxLength, unique } = schema.definitions.custom.properties.nodeBadge;
  same([title, type, maxLength, unique], ['Badge', 'string', 20, 'UNIQUE_VALIDATED']);
  ok((await schemaApi.getUserSchema({ schemaId })).definitions.custom.properties.nodeBadge);
  const user = await userApi.updateUser({ userId: ann, user: { profile: { nodeBadge: 'B-1' } } });
  same(user.profile.nodeBadge, 'B-1');
  done('an attribute is added to the schema and to a person');

  await update({ nodeBadge: null });
  same((await schemaApi.getUserSchema({ schemaId })).definitions.custom.properties.nodeBadge, undefined);
  same((await userApi.getUser({ userId: ann })).profile.nodeBadge, undefined);
  done('an attribute is taken away');
}

async function apps({ applicationApi, groupApi }, { ann, bob, cooks }) {
  const bookmark = (label, url) => ({
    name: 'bookmark',
    label,
    signOnMode: 'BOOKMARK',
    settings: { app: { requestIntegration: false, url } },
  });

  let app = await applicationApi.createApplication({ application: bookmark('Node Wiki', 'https://wiki.example.org') });
  const appId = app.id;
  same([app.constructor.name, app.status], ['BookmarkApplication', 'ACTIVE']);
  app = await applicationApi.replaceApplication({ appId, application: bookmark('Node Lore', 'https://lore.example.org') });
  same([app.label, app.settings.app.url], ['Node Lore', 'https://lore.example.org']);
  await applicationApi.deactivateApplication({ appId });
  same((await applicationApi.getApplication({ appId })).status, 'INACTIVE');
  await applicationApi.activateApplication({ appId });
  same((await all(applicationApi.listApplications({ q: 'Node Lore' }))).map((found) => found.id), [appId]);
  ok((await all(applicationApi.listApplications())).length > 1);
  done('an application is created, changed, deactivated and activated');

  let user = await applicationApi.assignUserToApplication({
    appId,
    appUser: { id: bob, scope: 'USER', profile: { role: 'reader' } },
  });
  same([user.id, user.scope, user.profile.role], [bob, 'USER', 'reader']);
  user = await applicationApi.updateApplicationUser({ appId, userId: bob, appUser: { profile: { role: 'writer' } } });
  same(user.profile.role, 'writer');
  done('a person is assigned, with a profile that is changed');

  const applicationGroupAssignment = { priority: 0, profile: { role: 'cook' } };
  const given = await applicationApi.assignGroupToApplication({ appId, groupId: cooks, applicationGroupAssignment });
  same([given.id, given.priority, given.profile.role], [cooks, 0, 'cook']);
  user = await applicationApi.getApplicationUser({ appId, userId: ann });
  same([user.scope, user.profile.role], ['GROUP', 'cook']);
  const ids = async (list) => (await all(list)).map((found) => found.id).sort();
  same(await ids(applicationApi.listApplicationGroupAssignments({ appId })), [cooks]);
  same(await ids(applicationApi.listApplicationUsers({ appId })), [ann, bob].sort());
  same(await ids(groupApi.listAssignedApplicationsForGroup({ groupId: cooks })), [appId]);
  done('a group is assigned, with a priority and a profile');

  await applicationApi.unassignApplicationFromGroup({ appId, groupId: cooks });
  await refused(applicationApi.getApplicationUser({ appId, userId: ann }), 404, 'E0000007');
  await applicationApi.unassignUserFromApplication({ appId, userId: bob });
  same(await ids(applicationApi.listApplicationUsers({ appId })), []);
  await applicationApi.deactivateApplication({ appId });
  await applicationApi.deleteApplication({ appId });
  await refused(applicationApi.getApplication({ appId }), 404, 'E0000007');
  done('assignments are taken away and the application is deleted');
}

async function logs({ systemLogApi }) {
  const filter = 'eventType eq "user.lifecycle.create"';
  // Without `until` the log has no end: there always is a next page, and an empty one means to ask again later.
  const logins = [];
  const events = await systemLogApi.listLogEvents({ filter, limit: 1000 });
  for (let page = await events.getNextPage(); page.length; page = await events.getNextPage()) {
    ok(page.every((event) => event.published instanceof Date));
    logins.push(...page.flatMap((event) => event.target).filter(({ type }) => type === 'User').map((user) => user.alternateId));
  }
  same(logins.length, new Set(logins).size);
  same(logins.filter((login) => /^(joiner|mover)@/.test(login)), ['joiner@node.example.org', 'mover@node.example.org']);
  ok(logins.length >= FED);
  const until = new Date().toISOString();
  const latest = await (await systemLogApi.listLogEvents({ until, limit: 1, sortOrder: 'DESCENDING' })).next();
  ok(latest.value.actor.id && latest.value.outcome.result);
  done('the log is polled');
}

async function paging({ userApi }) {
  const ids = (await all(userApi.listUsers({ limit: 200 }))).map((user) => user.id);
  same(new Set(ids).size, ids.length);
  ok(ids.length >= FED);
  let count = 0;
  for await (const user of await userApi.listUsers({ limit: 100, search: 'profile.department eq "Fed"' })) {
    count += user ? 1 : 0;
  }
  same(count, FED);
  done('all pages of a list');
}

async function main() {
  const client = new Client();
  await users(client);
  const made = await groups(client);
  await rules(client, made);
  await schemas(client, made);
  await apps(client, made);
  await logs(client);
  await paging(client);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
