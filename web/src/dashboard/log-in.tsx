/** For operators who come from elsewhere: the server's admin key. */
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import { type ApiError, adminKey, setAdminKey } from "../lib/api";

/** `what`: who is let in by the key, as the beginning of a sentence. */
export function LogIn({ error, what = "The dashboard opens" }: { error: ApiError; what?: string }) {
  const refused = adminKey.value !== "";
  const [key, setKey] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (key.trim()) setAdminKey(key.trim());
  };
  return (
    <form class="log-in" onSubmit={submit} data-testid="admin-login">
      <div class="state-icon">
        <Icon name="key" size={28} />
      </div>
      <h1>Operators only</h1>
      <p class="muted">{what} with the server's admin key, or from an address in its configuration.</p>
      <div class="field">
        <label for="admin-key">Admin key</label>
        <input
          id="admin-key"
          class="input mono"
          type="password"
          autocomplete="current-password"
          data-testid="admin-key"
          aria-invalid={refused ? "true" : undefined}
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        {refused ? (
          <span class="field-error" role="alert">
            {error.status === 401 ? "This is not the admin key." : error.message}
          </span>
        ) : (
          <span class="field-hint">
            <span class="mono">admin.key</span> in the configuration. It is kept until this tab is closed.
          </span>
        )}
      </div>
      <Button kind="primary" size="large" type="submit" testid="admin-enter">
        Log in
      </Button>
    </form>
  );
}
