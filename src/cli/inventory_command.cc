#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

#include "cli/commands.h"
#include "cli/google_access.h"
#include "cli/inventory_table.h"
#include "cli/output.h"
#include "cli/sandbox_commands.h"
#include "inventory/collect.h"
#include "inventory/report.h"

namespace aipress::cli {
namespace {

namespace fs = std::filesystem;

Error cannot_write(fs::path const& file) {
    return {ErrorCode::Unavailable, fmt::format("cannot write '{}'", file.string())};
}

Result<void> write_report(inventory::Inventory const& inventory, OutputFormat format,
                          std::ostream& out, fs::path const& name) {
    auto const sink = [&](std::string_view text) -> Result<void> {
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        if (!out) return cannot_write(name);
        return {};
    };
    if (format == OutputFormat::Json) {
        TRY(inventory::write_json(inventory, sink));
    } else {
        TRY(sink(render_inventory(inventory)));
    }
    out.flush();
    if (!out) return cannot_write(name);
    return {};
}

// Beside the file first: a report that could not be finished replaces none that could.
Result<void> write_file(inventory::Inventory const& inventory,
                        InventoryArguments const& arguments) {
    auto beside = arguments.out;
    beside += ".new";
    std::error_code failure;
    Result<void> written;
    {
        std::ofstream file(beside, std::ios::binary | std::ios::trunc);
        if (!file) return cannot_write(arguments.out);
        written = write_report(inventory, arguments.format, file, arguments.out);
    }
    if (written.ok()) fs::rename(beside, arguments.out, failure);
    if (written.ok() && !failure) return {};
    std::error_code ignored;
    fs::remove(beside, ignored);
    return written.ok() ? cannot_write(arguments.out) : written;
}

std::string next_step(Error const& error, GoogleAccess const& access) {
    bool const is_unreached =
        error.code() == ErrorCode::Unavailable && access.credentials() == "the metadata server";
    if (error.code() != ErrorCode::Unauthenticated && !is_unreached) return "";
    return fmt::format(
        "the credentials came from {}: set AIPRESS_GCP_TOKEN to an access token, or "
        "GOOGLE_APPLICATION_CREDENTIALS to a key file",
        access.credentials());
}

}  // namespace

int run_inventory(InventoryArguments const& arguments, Environment& environment) {
    auto const access = GoogleAccess::open(environment.clock);
    if (!access.ok()) {
        return fail(access.error(), "see that the file is a key of a service account");
    }
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const taken = inventory::take_inventory(
        context, access.value()->connection(),
        {.project = arguments.project, .state_bucket = arguments.state_bucket},
        [](std::string_view text) { fmt::print(stderr, "{}\n", text); });
    if (!taken.ok()) return fail(taken.error(), next_step(taken.error(), *access.value()));
    auto const& inventory = taken.value();
    auto const written = arguments.out.empty() ? write_report(inventory, arguments.format,
                                                              std::cout, "standard output")
                                               : write_file(inventory, arguments);
    if (!written.ok()) return fail(written.error(), "");
    if (!inventory.gaps.empty()) {
        fmt::print(stderr, "incomplete: {} could not be read; first {}: {}\n",
                   inventory.gaps.size(), inventory.gaps.front().what,
                   inventory.gaps.front().reason);
    }
    return 0;
}

}  // namespace aipress::cli
