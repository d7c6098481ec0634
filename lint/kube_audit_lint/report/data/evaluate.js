"use strict";
// What kube-apiserver decides for one request: the twin of analysis/evaluate.py and analysis/stages.py, condition by
// condition. A policy is one as it is loaded, in the words of a policy file; a request has user (null: nobody could be
// authenticated), groups, verb, and url (null for a resource) or group, resource, subresource, namespace and name.
const audit = (() => {
  const STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];
  const LEVELS = ["None", "Metadata", "Request", "RequestResponse"];
  const STREAMS = ["attach", "exec", "proxy", "portforward"];
  const some = (list) => Array.isArray(list) && list.length > 0;

  // The first condition of a rule that a request does not meet; "" when the rule matches.
  function failed(rule, request) {
    if (some(rule.users) && (request.user === null || !rule.users.includes(request.user))) return "users";
    if (some(rule.userGroups)) {
      if (request.user === null || !rule.userGroups.some((group) => request.groups.includes(group))) return "userGroups";
    }
    if (some(rule.verbs) && !rule.verbs.includes(request.verb)) return "verbs";
    if (some(rule.namespaces) || some(rule.resources)) return failedResource(rule, request);
    if (some(rule.nonResourceURLs)) {
      const takes = request.url !== null && rule.nonResourceURLs.some((spec) => urlMatches(spec, request.url));
      if (!takes) return "nonResourceURLs";
    }
    return "";
  }

  function failedResource(rule, request) {
    if (request.url !== null) return some(rule.resources) ? "resources" : "namespaces";
    if (some(rule.namespaces) && !rule.namespaces.includes(request.namespace)) return "namespaces";
    if (some(rule.resources) && !rule.resources.some((entry) => entryMatches(entry, request))) return "resources";
    return "";
  }

  function entryMatches(entry, request) {
    const group = entry.group || "";
    if (group !== request.group && group !== "*") return false;
    if (!some(entry.resources)) return true;
    if (some(entry.resourceNames) && !entry.resourceNames.includes(request.name)) return false;
    return entry.resources.some((item) => itemMatches(item, request.resource, request.subresource));
  }

  // `pods/*` also takes plain `pods`.
  function itemMatches(item, resource, subresource) {
    if (item === "*" || item === (subresource ? `${resource}/${subresource}` : resource)) return true;
    if (subresource && item === `*/${subresource}`) return true;
    return item === `${resource}/*`;
  }

  function urlMatches(spec, url) {
    return spec === "*" || spec === url || (spec.endsWith("*") && url.startsWith(spec.replace(/\*+$/, "")));
  }

  // rule: from 0, -1 where none matches.
  function decide(policy, request) {
    const rule = policy.rules.findIndex((one) => failed(one, request) === "");
    const found = rule < 0 ? { level: "None" } : policy.rules[rule];
    const omitted = [...(policy.omitStages || []), ...(found.omitStages || [])];
    const managed = found.omitManagedFields ?? null;
    return {
      rule,
      level: found.level,
      omitStages: STAGES.filter((stage) => omitted.includes(stage)),
      omitManagedFields: managed === null ? Boolean(policy.omitManagedFields) : managed,
    };
  }

  // The rules before the deciding one, each with the condition that failed.
  function earlier(policy, request) {
    const reasons = policy.rules.map((rule) => failed(rule, request));
    const end = reasons.indexOf("");
    return end < 0 ? reasons : reasons.slice(0, end);
  }

  function stagesOf(request) {
    if (request.user === null) return ["ResponseStarted"];
    const long = request.url !== null
      ? request.url.startsWith("/debug/pprof/")
      : [...STREAMS, "log"].includes(request.subresource);
    const isLong = long || request.verb === "watch" || request.verb === "proxy";
    return isLong ? STAGES.slice(0, 3) : ["RequestReceived", "ResponseComplete"];
  }

  // The stages that leave an event, and the bodies in it.
  function written(request, decision) {
    if (decision.level === "None") return { stages: [], omitted: [], requestBody: false, responseBody: false };
    const stages = stagesOf(request);
    const kept = stages.filter((stage) => !decision.omitStages.includes(stage));
    const level = LEVELS.indexOf(decision.level);
    const bodies = kept.includes("ResponseComplete") && request.url === null && !STREAMS.includes(request.subresource);
    const sends = ["create", "update", "patch", "delete", "deletecollection"].includes(request.verb);
    const answers = request.verb !== "watch" && request.subresource !== "log";
    return {
      stages: kept,
      omitted: stages.filter((stage) => decision.omitStages.includes(stage)),
      requestBody: bodies && level >= 2 && sends,
      responseBody: bodies && level >= 3 && answers,
    };
  }

  // The groups that every user of a name is in.
  function groupsOf(user, minor) {
    if (user === null) return [];
    if (user === "system:anonymous") return ["system:unauthenticated"];
    if (user === "system:apiserver") return minor >= 29 ? ["system:authenticated", "system:masters"] : ["system:masters"];
    if (user === "system:unsecured" && minor <= 19) return ["system:authenticated", "system:masters"];
    const parts = user.split(":");
    const account = parts.length === 4 && user.startsWith("system:serviceaccount:") && parts[2] && parts[3];
    const more = account ? ["system:serviceaccounts", `system:serviceaccounts:${parts[2]}`] : [];
    return ["system:authenticated", ...more];
  }

  return { LEVELS, STAGES, decide, earlier, failed, groupsOf, written };
})();
