package main

import (
	"net/http"

	"github.com/okta/okta-sdk-golang/v5/okta"
)

// What later steps go on with: ids.
type made struct{ ann, bob, cooks string }

func groups(client *okta.APIClient) made {
	ctx, api := client.GetConfig().Context, client.GroupAPI
	of := func(name, description string) okta.Group {
		return okta.Group{Profile: &okta.GroupProfile{Name: &name, Description: &description}}
	}
	names := func(query okta.ApiListGroupsRequest) (names string) {
		groups, _ := all(query.Execute())
		return joined(groups, func(group okta.Group) string { return group.Profile.GetName() })
	}

	cooks := must(api.CreateGroup(ctx).Group(of("Go Cooks", "Who cook")).Execute())
	same(cooks.GetType()+": "+cooks.Profile.GetDescription(), "OKTA_GROUP: Who cook")
	waiters := must(api.CreateGroup(ctx).Group(of("Go Waiters", "Who wait")).Execute())
	_, response, err := api.CreateGroup(ctx).Group(of("Go Cooks", "")).Execute()
	refused(response, err, http.StatusBadRequest, "E0000001")
	id := cooks.GetId()
	must(api.ReplaceGroup(ctx, id).Group(of("Go Chefs", "Who lead")).Execute())
	same(must(api.GetGroup(ctx, id).Execute()).Profile.GetName(), "Go Chefs")
	done("groups are created and changed")

	same(names(api.ListGroups(ctx).Q("Go ")), "Go Chefs, Go Waiters")
	same(names(api.ListGroups(ctx).Search(`profile.name eq "Go Waiters"`)), "Go Waiters")
	same(names(api.ListGroups(ctx).Search(`type eq "OKTA_GROUP" and profile.name sw "Go C"`)), "Go Chefs")
	same(names(api.ListGroups(ctx).Filter(`type eq "BUILT_IN"`)), "Everyone")
	done("groups are found")

	members := func() string {
		users, _ := all(api.ListGroupUsers(ctx, id).Execute())
		return joined(users, func(user okta.GroupMember) string { return user.Profile.GetFirstName() })
	}
	body := okta.NewCreateUserRequest(profile("ann"))
	body.SetGroupIds([]string{id})
	ann := must(client.UserAPI.CreateUser(ctx).Body(*body).Activate(true).Execute())
	bob := must(client.UserAPI.CreateUser(ctx).Body(*okta.NewCreateUserRequest(profile("bob"))).Activate(true).Execute())
	good(api.AssignUserToGroup(ctx, id, bob.GetId()).Execute())
	same(members(), "ann, bob")
	ofAnn, _ := all(client.UserAPI.ListUserGroups(ctx, ann.GetId()).Execute())
	same(joined(ofAnn, func(group okta.Group) string { return group.Profile.GetName() }), "Everyone, Go Chefs")
	good(api.UnassignUserFromGroup(ctx, id, bob.GetId()).Execute())
	same(members(), "ann")
	done("people come into groups and leave them")

	good(api.DeleteGroup(ctx, waiters.GetId()).Execute())
	_, response, err = api.GetGroup(ctx, waiters.GetId()).Execute()
	refused(response, err, http.StatusNotFound, "E0000007")
	done("a group is deleted")
	return made{ann.GetId(), bob.GetId(), id}
}

func rules(client *okta.APIClient, made made) {
	ctx, api := client.GetConfig().Context, client.GroupAPI
	of := func(value, name string) okta.GroupRule {
		kind, language := "group_rule", "urn:okta:expression:1.0"
		expression := okta.GroupRuleExpression{Type: &language, Value: &value}
		give := okta.GroupRuleGroupAssignment{GroupIds: []string{made.cooks}}
		return okta.GroupRule{
			Name: &name, Type: &kind,
			Conditions: &okta.GroupRuleConditions{Expression: &expression},
			Actions:    &okta.GroupRuleAction{AssignUserToGroups: &give},
		}
	}
	isMember := func() bool {
		users, _ := all(api.ListGroupUsers(ctx, made.cooks).Execute())
		for _, user := range users {
			if user.GetId() == made.bob {
				return true
			}
		}
		return false
	}
	put := func(department string) {
		change := okta.UserProfile{Department: &department}
		must(client.UserAPI.UpdateUser(ctx, made.bob).User(okta.UpdateUserRequest{Profile: &change}).Execute())
	}

	rule := must(api.CreateGroupRule(ctx).GroupRule(of(`user.department == "Go Bakery"`, "Go bakers")).Execute())
	id := rule.GetId()
	same(rule.GetStatus()+": "+rule.GetName(), "INACTIVE: Go bakers")
	put("Go Bakery")
	same(isMember(), false)
	good(api.ActivateGroupRule(ctx, id).Execute())
	same(must(api.GetGroupRule(ctx, id).Execute()).GetStatus(), "ACTIVE")
	same(isMember(), true)
	put("Go Office")
	same(isMember(), false)
	done("members follow a rule")

	good(api.DeactivateGroupRule(ctx, id).Execute())
	rule = must(api.ReplaceGroupRule(ctx, id).GroupRule(of(`user.department == "Go Office"`, "Go clerks")).Execute())
	same(rule.GetName()+": "+rule.Conditions.Expression.GetValue(), `Go clerks: user.department == "Go Office"`)
	same(isMember(), false)
	good(api.ActivateGroupRule(ctx, id).Execute())
	same(isMember(), true)
	found, _ := all(api.ListGroupRules(ctx).Search("Go clerks").Execute())
	same(joined(found, func(rule okta.GroupRule) string { return rule.GetId() }), id)
	done("a rule is changed while it is inactive")

	good(api.DeactivateGroupRule(ctx, id).Execute())
	good(api.DeleteGroupRule(ctx, id).RemoveUsers(true).Execute())
	_, response, err := api.GetGroupRule(ctx, id).Execute()
	refused(response, err, http.StatusNotFound, "E0000007")
	same(isMember(), false)
	done("a rule is deleted with its members")
}

func schemas(client *okta.APIClient, made made) {
	ctx, api := client.GetConfig().Context, client.SchemaAPI
	update := func(custom okta.UserSchemaPublic) map[string]okta.UserSchemaAttribute {
		schema := okta.UserSchema{Definitions: &okta.UserSchemaDefinitions{Custom: &custom}}
		answer := must(api.UpdateUserProfile(ctx, "default").UserSchema(schema).Execute())
		return answer.Definitions.Custom.GetProperties()
	}
	badge := okta.UserSchemaAttribute{}
	badge.SetTitle("Badge")
	badge.SetType("string")
	badge.SetMaxLength(20)
	badge.SetUnique("UNIQUE_VALIDATED")
	attribute := update(okta.UserSchemaPublic{Properties: &map[string]okta.UserSchemaAttribute{"goBadge": badge}})["goBadge"]
	same(attribute.GetTitle()+" "+attribute.GetType()+" "+attribute.GetUnique(), "Badge string UNIQUE_VALIDATED")
	same(attribute.GetMaxLength(), 20)
	profile := okta.UserProfile{AdditionalProperties: map[string]any{"goBadge": "B-1"}}
	user := must(client.UserAPI.UpdateUser(ctx, made.ann).User(okta.UpdateUserRequest{Profile: &profile}).Execute())
	same(user.Profile.AdditionalProperties["goBadge"], any("B-1"))
	done("an attribute is added to the schema and to a person")

	// Null takes an attribute away: the model's attributes can't be null, further properties can.
	null := map[string]any{"properties": map[string]any{"goBadge": nil}}
	_, there := update(okta.UserSchemaPublic{AdditionalProperties: null})["goBadge"]
	same(there, false)
	_, there = must(client.UserAPI.GetUser(ctx, made.ann).Execute()).Profile.AdditionalProperties["goBadge"]
	same(there, false)
	done("an attribute is taken away")
}
