"""Asks package indexes which of the locked files were withdrawn (PEP 592)."""

import concurrent.futures


def ask(package):
    """Why a package's files were withdrawn; None if they were not."""
    links, _ = page_links(project_page(package["index"], package["name"]), package["secret"])
    reasons = [yanked for link, yanked in links if file_name(link.partition("#")[0]) in package["files"]]
    withdrawn = [r for r in reasons if r is not None]
    return withdrawn[0] if reasons and len(withdrawn) == len(reasons) else None


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    yanked, unknown = {}, []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for package, answer in [(p, pool.submit(ask, p)) for p in request["packages"]]:
            try:
                reason = answer.result()
            except OSError as e:
                unknown.append(f"{package['name']}: {e}")
                continue
            if reason is not None:
                yanked[package["name"]] = reason
    with open(f"{OUT}/yanked.json", "w") as f:
        json.dump({"yanked": yanked, "unknown": unknown}, f)


main()
