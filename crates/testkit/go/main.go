// Walks through the Management API with Okta's client for Go, as a program of a customer would.
//
// Prints a line a step; ends at the first wrong answer. The server's address and token come as OKTA_CLIENT_ORGURL and
// OKTA_CLIENT_TOKEN, as the client reads them itself.
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/okta/okta-sdk-golang/v5/okta"
)

// People of the feed that the server was started with.
const fed = 2500

func done(step string) {
	fmt.Println("ok:", step)
}

// must is what a call answers; a failed one ends the program.
func must[T any](object T, _ *okta.APIResponse, err error) T {
	good(nil, err)
	return object
}

func good(_ *okta.APIResponse, err error) {
	if err == nil {
		return
	}
	var told *okta.GenericOpenAPIError
	if errors.As(err, &told) {
		err = fmt.Errorf("%w: %s", err, told.Body())
	}
	fail("%v", err)
}

func same[T comparable](found, expected T) {
	if found != expected {
		fail("%v instead of %v", found, expected)
	}
}

func refused(response *okta.APIResponse, err error, status int, code string) {
	if err == nil {
		fail("done instead of refused")
	}
	same(response.StatusCode, status)
	var told *okta.GenericOpenAPIError
	if !errors.As(err, &told) {
		fail("an error without a body: %v", err)
	}
	model, ok := told.Model().(okta.Error)
	if !ok {
		fail("no error of the client's own: %v: %s", err, told.Body())
	}
	same(model.GetErrorCode(), code)
}

func fail(format string, arguments ...any) {
	fmt.Printf(format+"\n%s", append(arguments, debug.Stack())...)
	os.Exit(1)
}

func profile(name string) okta.UserProfile {
	login := name + "@go.example.org"
	profile := okta.UserProfile{Login: &login, Email: &login}
	profile.SetFirstName(name)
	profile.SetLastName("Go")
	return profile
}

// all reads a list from its first page to its last.
func all[T any](page []T, response *okta.APIResponse, err error) (items []T, pages int) {
	for {
		good(response, err)
		items, pages = append(items, page...), pages+1
		if !response.HasNextPage() {
			return items, pages
		}
		page = nil
		response, err = response.Next(&page)
	}
}

// joined is a text of each item, sorted.
func joined[T any](items []T, text func(T) string) string {
	var texts []string
	for _, item := range items {
		texts = append(texts, text(item))
	}
	sort.Strings(texts)
	return strings.Join(texts, ", ")
}

// connect makes a client. This version of it leaves out the port of the server's address: either the whole of host and
// port is set as its host, or the server is named as its proxy too.
func connect(byProxy bool) *okta.APIClient {
	address, err := url.Parse(os.Getenv("OKTA_CLIENT_ORGURL"))
	good(nil, err)
	port, err := strconv.ParseInt(address.Port(), 10, 32)
	good(nil, err)
	var setters []okta.ConfigSetter
	if byProxy {
		setters = append(setters, okta.WithProxyHost(address.Hostname()), okta.WithProxyPort(int32(port)))
	}
	configuration, err := okta.NewConfiguration(setters...)
	good(nil, err)
	if !byProxy {
		configuration.Host = address.Host
	}
	return okta.NewAPIClient(configuration)
}

func users(client *okta.APIClient) {
	ctx, api := client.GetConfig().Context, client.UserAPI
	me := must(api.GetUser(ctx, "me").Execute())
	same(must(connect(true).UserAPI.GetUser(ctx, "me").Execute()).GetId(), me.GetId())
	done("who am I")

	statusOf := func(id string) string { return must(api.GetUser(ctx, id).Execute()).GetStatus() }
	joiner := must(api.CreateUser(ctx).Body(*okta.NewCreateUserRequest(profile("joiner"))).Activate(false).Execute())
	same(joiner.GetStatus(), "STAGED")
	must(api.ActivateUser(ctx, joiner.GetId()).SendEmail(false).Execute())
	if status := statusOf(joiner.GetId()); status != "ACTIVE" {
		same(status, "PROVISIONED")
	}
	done("a joiner is created staged and activated")

	body := okta.NewCreateUserRequest(profile("mover"))
	password := "Abcd1234!"
	body.SetCredentials(okta.UserCredentials{Password: &okta.PasswordCredential{Value: &password}})
	mover := must(api.CreateUser(ctx).Body(*body).Activate(true).Execute())
	id := mover.GetId()
	same(mover.GetStatus(), "ACTIVE")
	same(must(api.GetUser(ctx, "mover@go.example.org").Execute()).GetId(), id)
	_, response, err := api.CreateUser(ctx).Body(*body).Execute()
	refused(response, err, http.StatusBadRequest, "E0000001")
	done("a login is taken once")

	part := okta.UserProfile{}
	part.SetTitle("Cook")
	part.SetDepartment("Kitchen")
	mover = must(api.UpdateUser(ctx, id).User(okta.UpdateUserRequest{Profile: &part}).Execute())
	same(mover.Profile.GetTitle()+mover.Profile.GetFirstName(), "Cookmover")
	whole := profile("mover")
	whole.SetTitle("Chef")
	mover = must(api.ReplaceUser(ctx, id).User(okta.User{Profile: &whole}).Execute())
	same(mover.Profile.GetTitle()+mover.Profile.GetDepartment(), "Chef")
	done("a mover is changed in part and as a whole")

	good(api.SuspendUser(ctx, id).Execute())
	same(statusOf(id), "SUSPENDED")
	good(api.UnsuspendUser(ctx, id).Execute())
	same(statusOf(id), "ACTIVE")
	good(api.DeactivateUser(ctx, id).Execute())
	same(statusOf(id), "DEPROVISIONED")
	response, err = api.UnsuspendUser(ctx, id).Execute()
	same(response.StatusCode, http.StatusBadRequest)
	good(api.DeleteUser(ctx, id).Execute())
	_, response, err = api.GetUser(ctx, id).Execute()
	refused(response, err, http.StatusNotFound, "E0000007")
	good(api.DeleteUser(ctx, joiner.GetId()).Execute())
	same(statusOf(joiner.GetId()), "DEPROVISIONED")
	good(api.DeleteUser(ctx, joiner.GetId()).Execute())
	_, response, err = api.GetUser(ctx, joiner.GetId()).Execute()
	refused(response, err, http.StatusNotFound, "E0000007")
	done("leavers are suspended, deactivated and deleted in two steps")
}

func logs(client *okta.APIClient) {
	ctx, api := client.GetConfig().Context, client.SystemLogAPI
	// Without an end the log always has a next page; an empty one means to ask again later.
	logins, walkers := map[string]bool{}, 0
	since := time.Now().Add(-24 * time.Hour)
	page, response, err := api.ListLogEvents(ctx).Since(since).Filter(`eventType eq "user.lifecycle.create"`).Limit(1000).Execute()
	for ; ; response, err = response.Next(&page) {
		good(response, err)
		if len(page) == 0 {
			break
		}
		for _, event := range page {
			for _, target := range event.Target {
				login := target.GetAlternateId()
				if target.GetType() != "User" {
					continue
				}
				same(logins[login], false)
				logins[login] = true
				if login == "joiner@go.example.org" || login == "mover@go.example.org" {
					walkers++
				}
			}
		}
		page = nil
	}
	same(walkers, 2)
	same(len(logins) >= fed, true)
	latest := must(api.ListLogEvents(ctx).Until(time.Now().Add(time.Minute)).Limit(1).SortOrder("DESCENDING").Execute())
	same(len(latest), 1)
	same(latest[0].Actor.GetId() != "" && latest[0].Outcome.GetResult() != "", true)
	done("the log is polled")
}

func paging(client *okta.APIClient) {
	ctx, api := client.GetConfig().Context, client.UserAPI
	users, _ := all(api.ListUsers(ctx).Limit(200).Execute())
	ids := map[string]bool{}
	for _, user := range users {
		ids[user.GetId()] = true
	}
	same(len(ids), len(users))
	same(len(users) >= fed, true)
	users, pages := all(api.ListUsers(ctx).Search(`profile.department eq "Fed"`).Limit(100).Execute())
	same(len(users), fed)
	same(pages, fed/100)
	done("all pages of a list")
}

func main() {
	client := connect(false)
	users(client)
	made := groups(client)
	rules(client, made)
	schemas(client, made)
	apps(client, made)
	logs(client)
	paging(client)
}
