// A user's session at a site, as a browser keeps it: does it survive a move? It does when the salts
// and keys of wp-config.php, the user's row and its session tokens have come along.
#pragma once

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "sites/visit.h"

namespace aipress::sites {

// Secrets, all of it: in no error, log or report.
struct Login {
    std::string user = {};
    std::string password = {};
};
struct Session {
    std::string cookies = {};  // the value of a Cookie header
};

// By wp-login.php's form. The names of WordPress's cookies are made of siteurl: a session is good
// at the host where it was opened, by whatever way the host is reached. Errors: Unauthenticated
// when the site refuses the user; FailedPrecondition when its login is not WordPress's own (a
// plugin hides it, asks for more) or the page is an error's; those of Visitor.
[[nodiscard]] Result<Session> open_session(Context const& context, Visitor& visitor,
                                           Login const& login);

struct SessionCheck {
    enum class State {
        Valid,      // the dashboard is shown
        LoggedOut,  // the login page is asked for
        Unclear,    // neither
    };
    State state = State::Unclear;
    std::string what = {};  // in words, without the cookies
};
// Asks for /wp-admin/. Errors: those of Visitor.
[[nodiscard]] Result<SessionCheck> session_is_valid(Context const& context, Visitor& visitor,
                                                    Session const& session);

}  // namespace aipress::sites
