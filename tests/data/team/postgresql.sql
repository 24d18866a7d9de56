-- The helpdesk, as it runs in production.

CREATE TYPE ticket_status AS ENUM ('open', 'pending', 'solved', 'closed');

CREATE TABLE teams (
    id          BIGSERIAL PRIMARY KEY,
    name        VARCHAR(80) NOT NULL,
    created_at  TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE agents (
    id              BIGSERIAL PRIMARY KEY,
    team_id         BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    email           VARCHAR(120) NOT NULL,
    full_name       VARCHAR(120) NOT NULL,
    is_lead         BOOLEAN NOT NULL DEFAULT FALSE,
    deactivated_at  TIMESTAMP
);

-- A former agent's address may be given to a new one.
CREATE UNIQUE INDEX ux_agents_email_active ON agents (email) WHERE deactivated_at IS NULL;
CREATE INDEX ix_agents_team_id ON agents (team_id);

CREATE TABLE customers (
    id           BIGSERIAL PRIMARY KEY,
    company_id   BIGINT NOT NULL,
    branch_id    BIGINT,
    name         VARCHAR(120) NOT NULL,
    credit       NUMERIC(10, 2) NOT NULL DEFAULT 0,
    -- A company without branches is one customer.
    CONSTRAINT uq_customers_company_branch UNIQUE NULLS NOT DISTINCT (company_id, branch_id),
    CONSTRAINT ck_customers_credit CHECK (credit >= 0)
);

CREATE TABLE tickets (
    id           BIGSERIAL PRIMARY KEY,
    customer_id  BIGINT NOT NULL REFERENCES customers (id),
    agent_id     BIGINT REFERENCES agents (id) ON DELETE SET NULL,
    subject      VARCHAR(200) NOT NULL,
    status       ticket_status NOT NULL DEFAULT 'open',
    priority     INTEGER NOT NULL DEFAULT 3,
    opened_at    TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT ck_tickets_priority CHECK (priority BETWEEN 1 AND 5)
);

CREATE INDEX ix_tickets_customer_id ON tickets (customer_id);
CREATE INDEX ix_tickets_agent_id ON tickets (agent_id);

CREATE TABLE messages (
    id         BIGSERIAL PRIMARY KEY,
    ticket_id  BIGINT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    author     VARCHAR(120) NOT NULL,
    body       TEXT NOT NULL,
    is_public  BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE INDEX ix_messages_ticket_id ON messages (ticket_id);

CREATE TABLE attachments (
    id          BIGSERIAL PRIMARY KEY,
    message_id  BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    file_name   VARCHAR(255) NOT NULL,
    size        BIGINT NOT NULL
);

CREATE INDEX ix_attachments_message_id ON attachments (message_id);

CREATE TABLE labels (
    id      BIGSERIAL PRIMARY KEY,
    name    VARCHAR(40) NOT NULL,
    colour  VARCHAR(7) NOT NULL DEFAULT '#888888',
    CONSTRAINT uq_labels_name UNIQUE (name)
);

CREATE TABLE ticket_labels (
    ticket_id  BIGINT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    label_id   BIGINT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    PRIMARY KEY (ticket_id, label_id)
);

CREATE INDEX ix_ticket_labels_label_id ON ticket_labels (label_id);

CREATE TABLE automations (
    id         BIGSERIAL PRIMARY KEY,
    team_id    BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    condition  VARCHAR(500) NOT NULL,
    action     VARCHAR(500) NOT NULL,
    position   INTEGER NOT NULL
);

CREATE INDEX ix_automations_team_id ON automations (team_id);

-- A customer who writes again has not been helped.
CREATE FUNCTION reopen_ticket() RETURNS trigger AS $$
BEGIN
    UPDATE tickets SET status = 'open' WHERE id = NEW.ticket_id AND status = 'solved';
    RETURN NULL;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tr_messages_reopen AFTER INSERT ON messages
    FOR EACH ROW EXECUTE FUNCTION reopen_ticket();
