// Which secrets a Cloud Run v2 revision uses, and where its template names them.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "gcp/secret_manager.h"

namespace aipress::gcp {

// As it is written there.
struct SecretReference {
    std::string secret = {};   // "my-secret", or "projects/P/secrets/S" of another project
    std::string version = {};  // "latest", "3"; "": not said
};
// Of a variable of the environment; an empty one when its value is no secret's.
[[nodiscard]] SecretReference secret_of_variable(boost::json::object const& variable);
// Of a volume, one for each version that it holds; none when it is no secret's.
[[nodiscard]] std::vector<SecretReference> secrets_of_volume(boost::json::object const& volume);
// Of all containers and volumes of a template, in its order.
[[nodiscard]] std::vector<SecretReference> secrets_of_template(
    boost::json::object const& revision_template);

// Each place in it that names a secret gets the name that `rename` gives.
void rename_secrets(boost::json::object& revision_template,
                    std::function<std::string(std::string const& secret)> const& rename);

// Of a reference's text, in the service's own project where it names none.
[[nodiscard]] SecretName secret_name(std::string const& text, std::string const& own_project);

}  // namespace aipress::gcp
