#include "cli/inventory_arguments.h"

#include <CLI/CLI.hpp>

#include "cli/google_access.h"
#include "cli/shared_arguments.h"

namespace aipress::cli {

// Every option's text; empty when it was not given.
struct InventoryTexts {
    std::string project;
    std::string state_bucket;
    std::string format;
    std::string out;
};

namespace {

constexpr char const* kFooter =
    R"help(It only reads. What it may not read is told as a gap, with the remedy.
Credentials: $AIPRESS_GCP_TOKEN, else the file that $GOOGLE_APPLICATION_CREDENTIALS
names, else the metadata server. Addresses: Google's own, unless
$AIPRESS_GCP_ENDPOINT or $AIPRESS_GCP_ENDPOINT_STORAGE and the like are set.

On a project in the sandbox:
  eval "$(aipress sandbox env --for aipress)"
  aipress inventory --project aipress-project --state-bucket aipress-terraform-state)help";

}  // namespace

InventoryCommand::InventoryCommand(CLI::App& app) : texts_(std::make_unique<InventoryTexts>()) {
    auto& command = *app.add_subcommand(
        "inventory",
        wrapped("A project's tenants: what they have, how busy and large they are, and "
                "where Terraform says otherwise"));
    command
        .add_option("--project", texts_->project,
                    wrapped("Whose tenants (default: $AIPRESS_GCP_PROJECT)"))
        ->type_name("PROJECT");
    command
        .add_option("--state-bucket", texts_->state_bucket,
                    wrapped("Where Terraform keeps its state: every object in it that ends in "
                            ".tfstate is read (default: none)"))
        ->type_name("BUCKET");
    add_format(command, texts_->format);
    command
        .add_option("--out", texts_->out,
                    wrapped("Write it to this file, which is replaced (default: stdout)"))
        ->type_name("FILE");
    command.footer(kFooter);
}

InventoryCommand::~InventoryCommand() = default;

Result<InventoryArguments> InventoryCommand::read() const {
    constexpr std::string_view kScheme = "gs://";
    InventoryArguments arguments;
    arguments.project = TRY(project_value(texts_->project));
    auto bucket = texts_->state_bucket;
    if (bucket.starts_with(kScheme)) bucket.erase(0, kScheme.size());
    while (bucket.ends_with('/')) bucket.pop_back();
    if (bucket.find('/') != std::string::npos) {
        return Error(ErrorCode::InvalidArgument,
                     "--state-bucket: a bucket's name is wanted, without a folder");
    }
    arguments.state_bucket = std::move(bucket);
    arguments.format = TRY(format_value(texts_->format));
    arguments.out = texts_->out;
    return arguments;
}

}  // namespace aipress::cli
