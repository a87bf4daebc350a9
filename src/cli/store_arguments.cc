#include "cli/store_arguments.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>

#include "cli/shared_arguments.h"

namespace aipress::cli {

// Every option's text; empty when it was not given.
struct StoreTexts {
    std::string store;
    std::string out;
    std::string file;
    std::string format;
};

namespace {

constexpr std::array<std::string_view, 4> kVerbs{"status", "migrate", "dump", "load"};

constexpr char const* kFooter =
    R"help(URL is one of
  sqlite:PATH                            a file on this machine
  postgres://USER@HOST:PORT/DATABASE     as libpq takes it; a password belongs into
                                         $PGPASSFILE or $PGPASSWORD
  spanner://PROJECT/INSTANCE/DATABASE    Cloud Spanner, PostgreSQL dialect; credentials as
                                         for `aipress inventory`, $SPANNER_EMULATOR_HOST

From one engine to another:
  aipress store dump --store sqlite:fleet.db --out fleet.ndjson
  aipress store load fleet.ndjson --store postgres://aipress@db.example/fleet)help";

void add_store(CLI::App& command, StoreTexts& texts) {
    command.add_option("--store", texts.store, wrapped("Which store (default: $AIPRESS_STORE)"))
        ->type_name("URL");
    command.footer(kFooter);
}

}  // namespace

StoreCommands::StoreCommands(CLI::App& app) : texts_(std::make_unique<StoreTexts>()) {
    auto& store = *app.add_subcommand("store", "The fleet's metadata: its schema, dump and load");
    store.require_subcommand(1);
    store.footer(kFooter);
    auto& status = *store.add_subcommand("status", "Which version its schema has, how many rows");
    add_store(status, *texts_);
    add_format(status, texts_->format);
    auto& migrate = *store.add_subcommand("migrate", "Make the schema, or bring it up to date");
    add_store(migrate, *texts_);
    auto& dump = *store.add_subcommand("dump", "All of it as lines of JSON");
    add_store(dump, *texts_);
    dump.add_option("--out", texts_->out,
                    wrapped("Write it to this file, which is replaced (default: stdout)"))
        ->type_name("FILE");
    auto& load = *store.add_subcommand("load", "Fill an empty store from a dump");
    load.add_option("file", texts_->file, "The dump")->required()->type_name("FILE");
    add_store(load, *texts_);
}

StoreCommands::~StoreCommands() = default;

Result<StoreArguments> StoreCommands::read(std::string const& verb) const {
    StoreArguments arguments;
    arguments.verb = static_cast<StoreVerb>(TRY(choice_value("store", verb, kVerbs)));
    auto const* const variable = std::getenv("AIPRESS_STORE");
    arguments.url = texts_->store;
    if (arguments.url.empty() && variable != nullptr) arguments.url = variable;
    if (arguments.url.empty()) {
        return Error(ErrorCode::InvalidArgument, "--store: missing, and AIPRESS_STORE is not set");
    }
    arguments.file = arguments.verb == StoreVerb::Load ? texts_->file : texts_->out;
    arguments.format = TRY(format_value(texts_->format));
    return arguments;
}

}  // namespace aipress::cli
