// What points clients at a sandbox: Google's own, and AIPress's.
//
// AIPress's read these, and nothing else of a sandbox:
//   AIPRESS_GCP_ENDPOINT      where all services are: "http://127.0.0.1:8480". A service's own
//                             variable goes before it: AIPRESS_GCP_ENDPOINT_STORAGE, _SQLADMIN,
//                             _CLOUDRESOURCEMANAGER, ...: the first word of its host at
//                             googleapis.com, in capitals. A request keeps the service's own name
//                             in its Host header, for paths alone do not tell services apart.
//   AIPRESS_GCP_TOKEN         a fixed access token, instead of all other sources of one
//   AIPRESS_GCP_PROJECT       the project that is there from the start
//   AIPRESS_SITES_ADDRESS     where Cloud Run's sites are, each by its name in the Host header
//   AIPRESS_DNS_ADDRESS       where Cloud DNS's public zones are answered
//   SPANNER_EMULATOR_HOST     as all clients of Cloud Spanner know it, when its emulator runs; and
//                             AIPRESS_GCP_ENDPOINT_SPANNER, its REST port
// An address is HOST:PORT; unset: nobody is there.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sandbox/data_folder.h"

namespace aipress::sandbox {

enum class Client {
    Gcloud,
    Gsutil,
    Node,     // googleapis, @google-cloud/*
    Aipress,  // the settings above
};
enum class ClientMode {
    Overrides,  // the client is given other addresses
    Proxy,      // it calls Google's; the sandbox is its proxy, and signs for Google's names
};

// Environment variables by name; an empty value: to be unset.
using Settings = std::vector<std::pair<std::string, std::string>>;

// `data`: the sandbox's folder; files that the settings name are written below it, and the client
// keeps its own state there. Errors: InvalidArgument for a mode that the client does not have;
// Unavailable for the disk.
[[nodiscard]] Result<Settings> client_settings(Client client, ClientMode mode,
                                               std::filesystem::path const& data,
                                               RunningSandbox const& running);

}  // namespace aipress::sandbox
