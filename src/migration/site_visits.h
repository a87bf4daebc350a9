// The tenant's site as it is visited before and after the switch.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "migration/action.h"
#include "migration/workspace.h"
#include "sites/observe.h"
#include "sites/options.h"
#include "sites/session.h"
#include "sites/validate.h"

namespace aipress::migration {

// Thread safe but for the session, which one step opens and another uses.
class SiteVisits {
public:
    explicit SiteVisits(Workspace const& work) : work_(work) {}

    // What the site is known by, from before the switch: its pages, its counts, its options; and
    // how fast it is. Opens a session, which this process keeps in memory.
    [[nodiscard]] Action baseline();
    // The site at its new home is whole. Errors: DataLoss, with what is not.
    [[nodiscard]] Action check_new_home();
    // Watches both until there is a verdict. Errors: Aborted when it is to go back.
    // `between` two looks; short.
    [[nodiscard]] Action watch(std::function<void(Context const&)> between);

    // By hand, at any time: what stands there now. Errors: DataLoss, with what is not whole.
    [[nodiscard]] Result<Facts> validate(Context const& context);
    // The old home's site is well. Errors: FailedPrecondition.
    Result<void> check_old_home(Context const& context);

private:
    // By the host's name; and by the services' own addresses.
    [[nodiscard]] Result<sites::VantagePoint> visitors() const;
    [[nodiscard]] Result<sites::VantagePoint> service(Context const& context,
                                                      fleet::Home const& home,
                                                      std::string const& name) const;
    [[nodiscard]] Result<std::optional<sites::Login>> administrator(Context const& context) const;
    [[nodiscard]] Result<sites::OptionsReport> options_of(Context const& context,
                                                          fleet::Home const& home) const;

    Workspace const& work_;
    std::optional<sites::Session> session_;
};

}  // namespace aipress::migration
