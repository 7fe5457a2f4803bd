package main

import (
	"net/http"

	"github.com/okta/okta-sdk-golang/v5/okta"
)

func apps(client *okta.APIClient, made made) {
	ctx, api := client.GetConfig().Context, client.ApplicationAPI
	of := func(label, url string) okta.ListApplications200ResponseInner {
		app := okta.BookmarkApplication{
			Application: okta.Application{Label: label, SignOnMode: "BOOKMARK"},
			Name:        "bookmark",
			Settings:    okta.BookmarkApplicationSettings{App: &okta.BookmarkApplicationSettingsApplication{Url: &url}},
		}
		return okta.BookmarkApplicationAsListApplications200ResponseInner(&app)
	}
	id := must(api.CreateApplication(ctx).Application(of("Go Wiki", "https://wiki.example.org")).Execute()).BookmarkApplication.GetId()
	changed := must(api.ReplaceApplication(ctx, id).Application(of("Go Lore", "https://lore.example.org")).Execute())
	app := changed.BookmarkApplication
	same(app.GetLabel()+" "+app.GetStatus()+" "+app.Settings.App.GetUrl(), "Go Lore ACTIVE https://lore.example.org")
	good(api.DeactivateApplication(ctx, id).Execute())
	same(must(api.GetApplication(ctx, id).Execute()).BookmarkApplication.GetStatus(), "INACTIVE")
	good(api.ActivateApplication(ctx, id).Execute())
	found, _ := all(api.ListApplications(ctx).Q("Go Lore").Execute())
	same(joined(found, bookmark), id)
	everything, _ := all(api.ListApplications(ctx).Execute())
	same(len(everything) > 1, true)
	done("an application is created, changed, deactivated and activated")

	people := client.ApplicationUsersAPI
	new := okta.NewAppUserAssignRequest(made.bob)
	new.SetScope("USER")
	new.SetProfile(map[string]any{"role": "reader"})
	user := must(people.AssignUserToApplication(ctx, id).AppUser(*new).Execute())
	same(user.GetId()+" "+user.GetScope(), made.bob+" USER")
	same(user.Profile["role"], any("reader"))
	change := okta.AppUserProfileRequestPayload{Profile: map[string]any{"role": "writer"}}
	update := okta.AppUserProfileRequestPayloadAsAppUserUpdateRequest(&change)
	user = must(people.UpdateApplicationUser(ctx, id, made.bob).AppUser(update).Execute())
	same(user.Profile["role"], any("writer"))
	done("a person is assigned, with a profile that is changed")

	given := client.ApplicationGroupsAPI
	give := okta.ApplicationGroupAssignment{Profile: map[string]any{"role": "cook"}}
	give.SetPriority(0)
	assignment := must(given.AssignGroupToApplication(ctx, id, made.cooks).ApplicationGroupAssignment(give).Execute())
	same(assignment.GetId(), made.cooks)
	same(assignment.GetPriority(), 0)
	same(assignment.Profile["role"], any("cook"))
	user = must(people.GetApplicationUser(ctx, id, made.ann).Execute())
	same(user.GetScope(), "GROUP")
	same(user.Profile["role"], any("cook"))
	assignments, _ := all(given.ListApplicationGroupAssignments(ctx, id).Execute())
	same(joined(assignments, func(given okta.ApplicationGroupAssignment) string { return given.GetId() }), made.cooks)
	users, _ := all(people.ListApplicationUsers(ctx, id).Execute())
	same(len(users), 2)
	apps, _ := all(client.GroupAPI.ListAssignedApplicationsForGroup(ctx, made.cooks).Execute())
	same(joined(apps, bookmark), id)
	done("a group is assigned, with a priority and a profile")

	good(given.UnassignApplicationFromGroup(ctx, id, made.cooks).Execute())
	_, response, err := people.GetApplicationUser(ctx, id, made.ann).Execute()
	refused(response, err, http.StatusNotFound, "E0000007")
	good(people.UnassignUserFromApplication(ctx, id, made.bob).Execute())
	users, _ = all(people.ListApplicationUsers(ctx, id).Execute())
	same(len(users), 0)
	good(api.DeactivateApplication(ctx, id).Execute())
	good(api.DeleteApplication(ctx, id).Execute())
	_, response, err = api.GetApplication(ctx, id).Execute()
	refused(response, err, http.StatusNotFound, "E0000007")
	done("assignments are taken away and the application is deleted")
}

// bookmark is the id of an application that is a bookmark.
func bookmark(app okta.ListApplications200ResponseInner) string {
	return app.BookmarkApplication.GetId()
}
