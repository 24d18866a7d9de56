-- The helpdesk on MySQL and MariaDB, for customers who host it themselves.

CREATE TABLE teams (
    id          BIGINT AUTO_INCREMENT PRIMARY KEY,
    name        VARCHAR(80) NOT NULL,
    created_at  DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB;

CREATE TABLE agents (
    id              BIGINT AUTO_INCREMENT PRIMARY KEY,
    team_id         BIGINT NOT NULL,
    email           VARCHAR(120) NOT NULL,
    full_name       VARCHAR(120) NOT NULL,
    is_lead         BOOLEAN NOT NULL DEFAULT FALSE,
    deactivated_at  DATETIME(6),
    FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE
) ENGINE = InnoDB;

# As in production: a former agent's address may be given to a new one.
CREATE UNIQUE INDEX ux_agents_email_active ON agents (email) WHERE deactivated_at IS NULL;

CREATE TABLE customers (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    company_id   BIGINT NOT NULL,
    branch_id    BIGINT,
    name         VARCHAR(120) NOT NULL,
    credit       DECIMAL(10, 2) NOT NULL DEFAULT 0,
    CONSTRAINT uq_customers_company_branch UNIQUE (company_id, branch_id),
    CONSTRAINT ck_customers_credit CHECK (credit >= 0)
) ENGINE = InnoDB;

CREATE TABLE tickets (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    customer_id  BIGINT NOT NULL,
    agent_id     BIGINT,
    subject      VARCHAR(200) NOT NULL,
    status       ENUM('open', 'pending', 'solved', 'closed') NOT NULL DEFAULT 'open',
    priority     INT NOT NULL DEFAULT 3,
    opened_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    CONSTRAINT ck_tickets_priority CHECK (priority BETWEEN 1 AND 5),
    FOREIGN KEY (customer_id) REFERENCES customers (id),
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE SET NULL
) ENGINE = InnoDB;

CREATE TABLE messages (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    ticket_id  BIGINT NOT NULL,
    author     VARCHAR(120) NOT NULL,
    body       TEXT NOT NULL,
    is_public  BOOLEAN NOT NULL DEFAULT TRUE,
    FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE attachments (
    id          BIGINT AUTO_INCREMENT PRIMARY KEY,
    message_id  BIGINT NOT NULL,
    file_name   VARCHAR(255) NOT NULL,
    size        INT NOT NULL,
    FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE labels (
    id      BIGINT AUTO_INCREMENT PRIMARY KEY,
    name    VARCHAR(40) NOT NULL,
    colour  VARCHAR(7) NOT NULL DEFAULT '#888888',
    CONSTRAINT uq_labels_name UNIQUE (name)
) ENGINE = InnoDB;

CREATE TABLE ticket_labels (
    ticket_id  BIGINT NOT NULL,
    label_id   BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, label_id),
    FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE,
    FOREIGN KEY (label_id) REFERENCES labels (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE automations (
    id              BIGINT AUTO_INCREMENT PRIMARY KEY,
    team_id         BIGINT NOT NULL,
    condition_text  VARCHAR(500) NOT NULL,  -- "condition" is reserved here
    action          VARCHAR(500) NOT NULL,
    position        INT NOT NULL,
    FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE
) ENGINE = InnoDB;

-- A customer who writes again has not been helped.
DELIMITER //
CREATE TRIGGER tr_messages_reopen AFTER INSERT ON messages FOR EACH ROW
BEGIN
    UPDATE tickets SET status = 'open' WHERE id = NEW.ticket_id AND status = 'solved';
END//
DELIMITER ;
